"""Judges that others wrote, unmodified, each in an environment of its own: their needs clash."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from labkit import BIN, ROOT, command, on

HOME = ROOT / ".lab" / "judges"
SSLYZE, CHECKDMARC = "sslyze==6.3.1", "checkdmarc==6.0.4"
MAIL = ("authheaders==0.16.3", "dkimpy[ed25519]==1.1.8", "pyspf==2.0.14", "py3dns==4.0.2")
PROFILE = Path(__file__).with_name("mozilla-6.0-intermediate.json")
"""Mozilla's guideline 6.0, intermediate, in the form that sslyze reads."""


def environment(name: str, *requirements: str) -> Path:
    """Return the programs of Python packages, which are installed where they are missing."""
    place = HOME / name
    if not (place / "complete").exists():
        uv = str(BIN / "uv")
        python = str(place / "bin" / "python")
        for words in (
            ("venv", "--quiet", "--clear", str(place)),
            ("pip", "install", "--quiet", "--python", python, *requirements),
        ):
            done = command(uv, *words)
            assert done.returncode == 0, done.stderr
        (place / "complete").touch()
    return place / "bin"


def installed(requirement: str) -> Path:
    """Return the program of a Python package that bears its name."""
    return environment(requirement, requirement) / requirement.partition("==")[0]


def sslyze(facts: dict[str, Any], host: str, name: str, port: int) -> str:
    """Return what sslyze says of a port against Mozilla's profile."""
    start = ("--starttls", "smtp") if port == 25 else ()
    address = facts["hosts"][host]["ipv4"]
    done = command(
        str(installed(SSLYZE)), "--custom_tls_config", str(PROFILE), *start,
        "--certinfo_ca_file", facts["ca_file"], "--sni", name, f"{address}:{port}",
    )  # fmt: skip
    return done.stdout.partition("COMPLIANCE AGAINST TLS CONFIGURATION")[2]


def testssl(facts: dict[str, Any], host: str, name: str, port: int) -> dict[str, str]:
    """Return what testssl.sh on the client says of a port: severity by the finding's id.

    Raises:
        AssertionError: it did not come to its end.
    """
    start = {25: ("--starttls", "smtp"), 4190: ("--starttls", "sieve")}.get(port, ())
    said = on(
        "client", "sh", "-ec",
        'file=$(mktemp -u); testssl --quiet --color 0 --warnings batch --jsonfile "$file" "$@"'
        ' >&2 || true; cat "$file"; rm "$file"', "sh",
        # It has CA bundles of its own, which know nothing of the lab's.
        "--add-ca", "/etc/ssl/certs/ca-certificates.crt",
        *start, "--ip", facts["hosts"][host]["ipv4"], f"{name}:{port}",
    )  # fmt: skip
    found = {each["id"]: each["severity"] for each in json.loads(said)}
    assert "scanTime" in found, said[-1000:]
    return found


def _resolving(facts: dict[str, Any]) -> tuple[str, ...]:
    """Return how a program starts for which the system's resolver is the lab's."""
    resolver = HOME / "resolv.conf"
    resolver.write_text(f"nameserver {facts['resolver']}\n", encoding="utf-8")
    mount = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'
    return ("unshare", "--mount", "sh", "-c", mount, "sh", str(resolver))


def message(
    facts: dict[str, Any], text: bytes, address: str, helo: str, sender: str
) -> dict[str, Any]:
    """Return what dkimpy, pyspf and authheaders say of a message that a host handed over."""
    python = environment("mail", *MAIL) / "python"
    judge = str(Path(__file__).with_name("mail_judge.py"))
    words = (*_resolving(facts), str(python), judge, address, helo, sender)
    # Its bytes, each as the character of the same number.
    done = command(*words, input=text.decode("latin-1"), encoding="latin-1")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


SIGNATURE = re.compile(rb"^DKIM-Signature:.*?(?=^\S)", re.MULTILINE | re.DOTALL | re.IGNORECASE)


def opendkim(text: bytes) -> dict[str, str]:
    """Return what OpenDKIM on the client says of each signature alone, by algorithm; "" is a pass.

    Given several it is content with one.
    """
    head, _, body = text.partition(b"\r\n\r\n")
    head += b"\r\n"
    found = {}
    for signature in SIGNATURE.findall(head + b"\r\n"):
        algorithm = re.search(rb"\ba=([\w-]+)", signature)
        assert algorithm, signature
        alone = signature + SIGNATURE.sub(b"", head + b"\r\n") + body
        done = command(
            "scripts/lab", "exec", "client", "--", "opendkim-testmsg",
            input=alone.decode("latin-1"), encoding="latin-1",
        )  # fmt: skip
        found[algorithm[1].decode()] = done.stderr.strip() or str(done.returncode or "")
    return found


def checkdmarc(facts: dict[str, Any], domains: list[str]) -> list[dict[str, Any]]:
    """Return what checkdmarc says of domains; it asks the lab's resolver for every name.

    It reads policies by the system's resolver, so that is another for it alone.
    """
    program = installed(CHECKDMARC)
    trust = {"REQUESTS_CA_BUNDLE": facts["ca_file"], "SSL_CERT_FILE": facts["ca_file"]}
    done = command(
        *_resolving(facts), str(program), *domains, "--nameserver", facts["resolver"],
        env=os.environ | trust,
    )  # fmt: skip
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def faults(found: object, at: str = "") -> list[str]:
    """Return every error and warning in checkdmarc's answer, with where it stands."""
    if isinstance(found, list):
        return [fault for each in found for fault in faults(each, at)]
    if not isinstance(found, dict):
        return []
    told = [found["error"]] if "error" in found else []
    lines = [f"{at}: {text}" for text in [*told, *found.get("warnings", [])]]
    return lines + [fault for key, each in found.items() for fault in faults(each, f"{at} {key}")]


def posttls_finger(domain: str) -> str:
    """Return what the peer's Postfix says of a domain under DANE."""
    return on("peer", "sh", "-c", 'posttls-finger -c -l dane "$1" 2>&1', "sh", domain)
