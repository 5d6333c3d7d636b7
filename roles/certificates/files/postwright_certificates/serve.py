"""What the daemons load, and whether they do (Postwright, role certificates)."""

import hashlib
import socket
import ssl
import sys
import time
from pathlib import Path

from .store import STATE, replace, run

# What a name's first label promises over HTTPS (RFC 8461 3.3, draft-ietf-mailmaint-autoconfig).
DOCUMENTS = {"mta-sts": "/.well-known/mta-sts.txt", "autoconfig": "/mail/config-v1.1.xml"}


def deploy(certificates, meanwhile):
    """Have each daemon load, once, the certificates that are others than it last loaded.

    `meanwhile` holds the files that are loaded in place of certificates whose keys wait; None where
    nothing is. Returns what was done.
    """
    did, fresh = [], {}
    for each in certificates:
        instead = meanwhile.get(each, each.chain)
        if instead is None:
            continue
        text = instead.read_text() if each in meanwhile else _own(each)
        if _is_loaded(each, text):
            continue
        fresh[each] = text
        replace(Path(each.file), text)
        # nginx includes this where it is there: a name without a certificate stops no other.
        if "nginx" in each.units:
            replace(_included(each.name),
                    f"ssl_certificate {each.file};\nssl_certificate_key {each.file};\n"
                    "ssl_reject_handshake off;\n")  # fmt: skip
    for unit in sorted({unit for each in fresh for unit in each.units}):
        if run("systemctl", "is-active", "--quiet", unit)[0] == 0:
            code, said = run("systemctl", "reload", unit)
            if code:
                sys.exit(f"systemctl reload {unit}: {said}")
            did.append(f"reloaded {unit}")
    for each, text in fresh.items():
        replace(_record(each.name), _sum(text))
    return did


def retiring(certificates):
    """Return what mail daemons were given to load and the inventory no longer names."""
    named = {each.file for each in certificates}
    return sorted(
        file for file in STATE.glob("*.pem")
        if str(file) not in named and not _included(file.stem).exists()
    )  # fmt: skip


def retire(certificates):
    """Remove what is retiring, once no daemon is set up to load it; return what was done."""
    gone = retiring(certificates)
    for file in gone:
        _record(file.stem).unlink(missing_ok=True)
        file.unlink()
    return [f"removed {file}" for file in gone]


def answers(name, until):
    """Tell whether this host serves a name's document with a certificate that it would trust.

    A reload returns before the new workers answer, so it is asked until then.
    """
    request = f"GET {DOCUMENTS[name.partition('.')[0]]} HTTP/1.0\r\nHost: {name}\r\n\r\n"
    while True:
        try:
            with (
                socket.create_connection(("127.0.0.1", 443), 5) as plain,
                ssl.create_default_context().wrap_socket(plain, server_hostname=name) as link,
            ):
                link.sendall(request.encode())
                if link.makefile("rb").readline().split()[1:2] == [b"200"]:
                    return True
        except OSError:
            pass
        if time.monotonic() >= until:
            return False
        time.sleep(0.1)


def _own(certificate):
    """Return a certificate's key and chain, as the daemons load them."""
    return certificate.private_key.read_text() + certificate.chain.read_text()


def _is_loaded(certificate, text):
    record, file = _record(certificate.name), Path(certificate.file)
    loaded = record.exists() and record.read_text() == _sum(text)
    return loaded and file.exists() and file.read_text() == text


def _record(name):
    return STATE / f"{name}.deployed"


def _included(name):
    return STATE / f"{name}.nginx"


def _sum(text):
    return hashlib.sha256(text.encode()).hexdigest()
