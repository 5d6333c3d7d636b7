"""Where certificates come from, judged on the controller before any host is touched."""

from .directories import issuer_of, url_of
from .given import Pem, check_given, read_root
from .sources import check_sources
from .trouble import Trouble

__all__ = [
    "Pem",
    "Trouble",
    "check_given",
    "check_sources",
    "issuer_of",
    "read_root",
    "url_of",
]
