"""A real OpenSSL server, good or bad as its options say, and certificates for it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from postwright.probe.tls_client import Opening
from postwright.probe.tls_look import Endpoint
from postwright.probe.wire import Target

NAME = "mx1.alpha.test"
GOOD = (
    *("-no_tls1", "-no_tls1_1", "-serverpref", "-groups", "X25519:P-256"),
    *("-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"),
    *("-sigalgs", "ECDSA+SHA256:ECDSA+SHA384"),
)


def openssl(*words: str | Path) -> None:
    """Run the command of that name to its end."""
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class Certificates:
    """A CA of its own and what it signs; `ca` is the file to trust."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ca = directory / "ca.pem"
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        openssl("req", "-x509", *key, "-subj", "/CN=Test CA", "-days", "2",
                "-keyout", directory / "ca.key", "-out", self.ca)  # fmt: skip

    def signed(self, kind: str, name: str = NAME, digest: str = "sha256") -> tuple[str, ...]:
        """Return s_server's options for a new certificate; `kind` is P-256, or RSA's bits."""
        stem = self.directory / f"{kind}-{name}-{digest}"
        request, key, cert = (f"{stem}.{end}" for end in ("csr", "key", "pem"))
        size = (
            ("ec", "-pkeyopt", "ec_paramgen_curve:P-256") if kind == "P-256" else (f"rsa:{kind}",)
        )
        openssl("req", "-newkey", *size, "-nodes", "-subj", f"/CN={name}", "-keyout", key,
                "-addext", f"subjectAltName=DNS:{name}", "-out", request)  # fmt: skip
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.directory / "ca.key",
                "-CAcreateserial", "-copy_extensions", "copy", f"-{digest}", "-days", "1",
                "-out", cert)  # fmt: skip
        return ("-cert", str(cert), "-key", str(key))


@contextmanager
def serving(*options: str) -> Iterator[Endpoint]:
    """Run `openssl s_server` on a free port of the loopback, without the system's configuration."""
    server = subprocess.Popen(
        ["openssl", "s_server", "-accept", "127.0.0.1:0", "-naccept", "200", *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={"OPENSSL_CONF": "/dev/null", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert server.stdout is not None
    try:
        line = next(line for line in server.stdout if line.startswith("ACCEPT"))
        port = int(line.rpartition(":")[2])
        yield Endpoint(Target(NAME, "127.0.0.1", "IPv4"), port, Opening.IMPLICIT, "smtp")
    finally:
        server.kill()
        server.communicate()
