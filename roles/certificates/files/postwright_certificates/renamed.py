"""A host that takes another name keeps its key (Postwright, role certificates).

Certificates are called by the host's name. The new name's TLSA record lists the keys that the old
one's does, so with them nothing changes for who sends mail by either record.
"""

from pathlib import Path

from .store import STATE, replace

NOTES = ("directory", "rolling")


def take_along(certificates):
    """Have each certificate that is new here take over from what it was called; return what was."""
    return [did for each in certificates for old in each.formerly for did in _take(each, old)]


def _take(certificate, old):
    """Yield what was done: a run that is killed here goes on where it was.

    The loaded file is copied, for the daemons are still set up to load the old one.
    """
    loaded, file = STATE / f"{old}.pem", Path(certificate.file)
    if loaded.exists() and not file.exists():
        replace(file, loaded.read_text())
        yield f"{certificate.name}: is served what {old} was"
    for note in NOTES:
        there, here = STATE / f"{old}.{note}", STATE / f"{certificate.name}.{note}"
        if there.exists() and not here.exists():
            there.rename(here)
    folder = certificate.folder.with_name(old)
    if not certificate.given and folder.exists() and not certificate.private_key.exists():
        _clear(certificate.folder)
        folder.rename(certificate.folder)
        yield f"{certificate.name}: has the keys of {old}"


def _clear(folder):
    """Remove a folder in which no key is."""
    for path in folder.glob("*"):
        path.unlink()
    if folder.exists():
        folder.rmdir()
