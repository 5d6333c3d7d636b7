"""Netstrings, in which Postfix asks and is answered (role tls_policy; socketmap_table(5))."""

from __future__ import annotations

from io import BufferedIOBase

# A domain name has 253 octets at most; a longer question is none of Postfix's.
LONGEST = 1000


class NotANetstringError(ValueError):
    """What was read is no netstring, or too long a one."""


def packed(text: str) -> bytes:
    """Return a text as a netstring."""
    data = text.encode()
    return b"%d:%b," % (len(data), data)


def read(stream: BufferedIOBase, longest: int = LONGEST) -> str | None:
    """Return the next netstring's text, or None at the end of the stream.

    Raises:
        NotANetstringError: no netstring, one cut short, or one of more than `longest` octets.
    """
    head = b""
    while not head.endswith(b":"):
        octet = stream.read(1)
        if not octet and not head:
            return None
        head += octet
        if not octet or len(head) > len(str(longest)) + 1:
            raise NotANetstringError(f"not a netstring's length: {head!r}")
    if not head[:-1].isdigit() or (length := int(head[:-1])) > longest:
        raise NotANetstringError(f"not a netstring's length: {head!r}")
    data = stream.read(length + 1)
    if len(data) != length + 1 or not data.endswith(b","):
        raise NotANetstringError("a netstring is cut short")
    return data[:-1].decode("utf-8", "replace")
