"""A stolen password at three in the morning: what an account may send, stopped on all its hosts."""
