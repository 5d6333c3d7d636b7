"""What verification found, kept as JSON lines and shown as a page that a person reads."""

from .store import Entry, append, read

__all__ = ["Entry", "append", "read"]
