"""The next key takes the current one's place (Postwright, role certificates).

Its TLSA record stands beside the current one's since it was made, so it can be served as soon as
its certificate is there (RFC 7671 8.1). A mark says which key a rollover is about: as long as it
stands, no other one begins, and a run that was killed is finished by the next.
"""

import os
import time
from pathlib import Path

from . import waiting
from .store import DAY, STATE, digest, replace


def begin(certificates, days):
    """Have next keys be current where the current ones are that old; return what was done.

    And a wait for each that cannot be yet.
    """
    ready, waits = due(certificates, days)
    for each in ready:
        replace(_mark(each), digest(each.next_key))
    return [did for each in certificates for did in _swap(each)], waits


def due(certificates, days):
    """Return certificates whose rollovers can begin now, and a wait for each that cannot be yet.

    A host's certificates go together: all of them, or none. Given ones have no next key.
    """
    ready = [each for each in certificates if _may_begin(each, days)]
    waits = [
        wait for wait in waiting.upcoming(certificates)
        if wait.certificate in ready and not wait.is_over()
    ]  # fmt: skip
    return ([] if waits else ready), waits


def _may_begin(certificate, days):
    """Tell whether a key is that old, and no rollover of it under way."""
    if certificate.given or not certificate.next_key.exists() or _is_rolling(certificate):
        return False
    made = certificate.private_key.stat().st_mtime
    return not _mark(certificate).exists() and time.time() - made >= days * DAY


def _swap(certificate):
    """Yield what was done, where the marked key is not the current one yet."""
    mark = _mark(certificate)
    if mark.exists() and digest(certificate.private_key) != mark.read_text():
        # Its age counts from now on.
        os.utime(certificate.next_key)
        certificate.next_key.replace(certificate.private_key)
        yield f"{certificate.name}: the next key is the current one"


def rolling(certificates):
    """Return the names of certificates of which a rollover has begun and not ended."""
    return [each.name for each in certificates if _mark(each).exists()]


def end(certificates):
    """Take the marks away of those whose key is served; return what was done."""
    ended = [each for each in certificates if _mark(each).exists() and not _is_rolling(each)]
    for each in ended:
        _mark(each).unlink()
    return [f"{each.name}: the rollover has ended" for each in ended]


def _is_rolling(certificate):
    """Tell whether the daemons are given another key than the current one."""
    file = Path(certificate.file)
    return not file.exists() or digest(file) != digest(certificate.private_key)


def _mark(certificate):
    return STATE / f"{certificate.name}.rolling"
