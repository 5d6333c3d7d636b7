"""What daemons serve is the certificate on disk, trusted, for this host, and not near its end."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from testinfra.host import Host

FINGERPRINT = "openssl x509 -noout -fingerprint -sha256"
ASK = "openssl s_client -connect 127.0.0.1:%s -servername %s -verify_hostname %s"
ASK += " -verify_return_error -CApath /etc/ssl/certs"
# A server with two keys shows the RSA one to whom knows no other.
ONLY_RSA = " -sigalgs RSA-PSS+SHA256:RSA+SHA256"


@pytest.fixture
def loaded(host: Host) -> list[str]:
    """What the mail daemons are to load: a further certificate's key may wait for its TLSA."""
    described = json.loads(host.check_output("/usr/local/sbin/postwright-certificates describe"))
    return list(described["tls_files"])


def test_no_certificate_is_near_its_end(
    host: Host, mail: dict[str, Any], loaded: list[str]
) -> None:
    days = json.loads(host.file("/etc/postwright/certificates.json").content_string)["alarm_days"]
    wait = set(mail["tls_files"]) - set(loaded)
    for each in mail["certificates"]:
        if each["file"] in wait:
            continue
        file, name = host.file(each["file"]), each["name"]
        assert file.exists, (
            f"{name} has no certificate; look at journalctl -u postwright-certificates"
        )
        checked = host.run("openssl x509 -noout -checkend %s -in %s", str(days * 86400), file.path)
        if checked.rc:
            pytest.fail(
                f"{name} ends in less than {days} days: postwright-certificates renew", False
            )


def test_each_port_serves_the_certificate_that_is_on_disk(
    host: Host, mail: dict[str, Any], loaded: list[str]
) -> None:
    names, ports = mail["host"]["names"], mail["ports"]
    implicit = [(str(ports[port]), "") for port in ("submissions", "imaps", "pop3s")]
    starttls = [(str(ports["smtp"]), " -starttls smtp"), (str(ports["sieve"]), " -starttls sieve")]
    files = [host.check_output(f"{FINGERPRINT} -in %s", file) for file in loaded]
    for on_disk, keys in zip(files, ("", ONLY_RSA), strict=False):
        for (port, how), name in product(implicit + starttls, names):
            seen = host.run(f"{ASK}{how}{keys} </dev/null", port, name, name)
            assert "Verify return code: 0 (ok)" in seen.stdout, f"{name}:{port}: {seen.stderr}"
            served = host.check_output(f"echo %s | {FINGERPRINT}", seen.stdout)
            assert served == on_disk, f"port {port} serves another: systemctl reload its daemon"


def test_private_keys_are_for_root_alone(
    host: Host, mail: dict[str, Any], loaded: list[str]
) -> None:
    for each in mail["certificates"]:
        if each["file"] in set(mail["tls_files"]) - set(loaded):
            continue
        file = host.file(each["file"])
        assert (file.user, file.group, file.mode) == ("root", "root", 0o600)
