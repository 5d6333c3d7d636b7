"""The one codec of TXT records: a value is bytes; how it is cut into strings means nothing.

RFC 1035 3.3.14 gives a TXT record one or more strings of at most 255 bytes. All that we publish
(SPF by RFC 7208 3.3, DKIM by RFC 6376 3.6.2.2, DMARC alike) is read as the strings joined without
a blank, so values are compared joined and cut only on the way out.
"""

from __future__ import annotations

from functools import lru_cache

import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.txtbase import TXTBase

LIMIT = 255
"""Bytes in one string (RFC 1035 3.3)."""


def encode(value: bytes) -> str:
    """Return a value as presentation text, quoted, cut into strings of 255 bytes."""
    return TXTBase(dns.rdataclass.IN, dns.rdatatype.TXT, _strings(value)).to_text()


@lru_cache(maxsize=65536)
def decode(text: str) -> bytes:
    """Return the joined value of a TXT record's presentation text.

    Raises:
        dns.exception.DNSException: the text is no TXT record.
    """
    rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.TXT, text)
    if not isinstance(rdata, TXTBase):
        raise TypeError(f"dnspython made {type(rdata).__name__} of a TXT record")
    return b"".join(rdata.strings)


def _strings(value: bytes) -> list[bytes]:
    return [value[at : at + LIMIT] for at in range(0, len(value), LIMIT)] or [b""]
