"""A new key waits until every TLSA set that is cached lists it (Postwright, role certificates).

Who sends mail by DANE compares with the set that its resolver remembers. So a key is published
beside the old one, the old one is served for as long as older answers live, and only then the new
one (RFC 7671 8.1).
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from .store import STATE, Certificate, digest, replace, run

# When each waiting key was first seen at every authoritative server of its zone.
RECORD = STATE / "published.json"
MARGIN = 300  # seconds, for clocks that differ and resolvers that ask one another


@dataclass(frozen=True)
class Wait:
    """A certificate whose key is not served yet, and what its daemons load meanwhile.

    `meanwhile` is None for a further certificate that is new: its daemons do without, since OpenSSL
    takes no second certificate of the first one's kind. `due` is the time from which the key may be
    served, in seconds since 1970; None as long as it was not seen to be published.
    """

    certificate: Certificate
    key: str
    meanwhile: Path | None
    due: float | None

    def is_over(self):
        """Tell whether every cached TLSA set lists the key by now."""
        return self.due is not None and self.due <= time.time()

    def __str__(self):
        """Return what the operator has to know."""
        of = f"{self.certificate.name}: the new key"
        if self.due is None:
            return f"{of} waits for its TLSA record; playbooks/dns.yml or site.yml publishes it"
        when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(self.due))
        return f"{of} is served from {when} on; run site.yml again then"


def waits(certificates):
    """Return a wait for each mail certificate with a key that no daemon serves yet.

    Where nothing valid is served, there is nothing to wait with.
    """
    mail = [each for each in certificates if each.serves_mail and each.private_key.exists()]
    files = {each: Path(each.file) for each in mail}
    served = {each: digest(file) for each, file in files.items() if _is_valid(file)}
    found = []
    for each in mail:
        key, missing = digest(each.private_key), not files[each].exists()
        if mail[0] not in served or key in served.values() or not (missing or each in served):
            continue
        found.append(Wait(each, key, None if missing else files[each], _due(key)))
    return found


def upcoming(certificates):
    """Return a wait for each next key of a mail certificate, which a rollover takes."""
    return [
        Wait(each, key, Path(each.file), _due(key))
        for each in certificates
        if each.serves_mail and each.next_key.exists()
        for key in [digest(each.next_key)]
    ]


def unseen(certificates):
    """Return the next keys of which nobody has written down that every server lists them."""
    return [wait.key for wait in upcoming(certificates) if wait.due is None]


def saw(certificates, keys, ttl):
    """Write down which keys every server lists, in a set that is cached for `ttl` seconds.

    Without a set (`ttl` is None) nobody looks at our keys: there is nothing to wait for. An older
    set may have been cached for longer than the present one. Returns what is new.
    """
    record, wanted = _read(), _unserved(certificates)
    before, now = record["since"], time.time()
    if ttl is None:
        since = dict.fromkeys(wanted, 0)
    else:
        since = {key: before.get(key) or now for key in wanted if key in keys}
    _write({"ttl": max(ttl or 0, record["ttl"]), "since": since})
    return [f"noted that {key} may be served after its TTL" for key in since.keys() - before.keys()]


def forget(certificates):
    """Forget keys that wait no more: who comes back later, waits again."""
    keys = set(_unserved(certificates))
    record = _read()
    since = {key: when for key, when in record["since"].items() if key in keys}
    if not keys:
        RECORD.unlink(missing_ok=True)
    elif since != record["since"]:
        _write(record | {"since": since})


def _unserved(certificates):
    return [each.key for each in (*waits(certificates), *upcoming(certificates))]


def _due(key):
    record = _read()
    since = record["since"].get(key)
    return since if not since else since + record["ttl"] + MARGIN


def _read():
    return json.loads(RECORD.read_text()) if RECORD.exists() else {"ttl": 0, "since": {}}


def _write(record):
    replace(RECORD, json.dumps(record))


def _is_valid(file):
    return file.exists() and not run("openssl", "x509", "-noout", "-checkend", "0",
                                     "-in", str(file))[0]  # fmt: skip
