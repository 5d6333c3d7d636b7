"""Who receives or sends for a domain in our stead: declared as data, one file each in `data`.

A new profile is a new file and needs no code, as long as its kinds of records are known.
"""

from .model import Parameter, Profile, Record, Relay
from .store import profiles, receivers, senders

__all__ = ["Parameter", "Profile", "Record", "Relay", "profiles", "receivers", "senders"]
