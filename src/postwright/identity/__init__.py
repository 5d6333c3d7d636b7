"""What others know a host by: its names and addresses (hosts run it: standard library only)."""
