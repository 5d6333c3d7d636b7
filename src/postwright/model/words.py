"""Words that an inventory uses for what is neither a profile nor a relay."""

SELF = "self"
"""Our own hosts receive."""
DIRECT = "direct"
"""No relay sends: mail goes to the recipients' hosts."""
