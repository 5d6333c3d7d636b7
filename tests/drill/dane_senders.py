"""Senders at the peer that look at port 25 again and again, by the TLSA set that is cached."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from labkit import on

UNIT = "dane-senders"
LOG = f"/run/{UNIT}.log"
# Whoever knows RSA alone is shown the other key (postconf(5), tls_config_file).
ONLY_RSA = f"/run/{UNIT}.cnf"
_SETTINGS = """\
rsa = sender
[sender]
ssl_conf = ssl
[ssl]
system_default = algorithms
[algorithms]
SignatureAlgorithms = RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256
"""
_FINGER = "posttls-finger -c -l dane"
_RSA = f"-o tls_config_file={ONLY_RSA} -o tls_config_name=rsa"


class Senders:
    """Two senders for each host: one like any other, and one that knows no ECDSA.

    The peer's resolver keeps a TLSA set for its TTL, as everybody's does. A host without an RSA
    key has nothing to show to the second one: then no TLS session comes to be.
    """

    def __init__(self, hostnames: Sequence[str]) -> None:
        """Prepare to look at these hosts."""
        self.hostnames = hostnames

    def __enter__(self) -> Self:
        """Have the present TLSA sets cached, and start."""
        pass_ = "".join(
            f"echo '= {name} {kind}'; {_FINGER} {options} '[{name}]' 2>&1; "
            for name in self.hostnames
            for kind, options in (("any", ""), ("rsa", _RSA))
        )
        on("peer", "sh", "-ec", f"printf %s {shlex.quote(_SETTINGS)} >{ONLY_RSA}; : >{LOG}")
        on("peer", "systemd-run", f"--unit={UNIT}", "--collect", "sh", "-c",
           f"while :; do {{ {pass_} echo '= end'; }} >>{LOG}; sleep 0.2; done")  # fmt: skip
        on("peer", "timeout", "30", "sh", "-c", f"until grep -q '= end' {LOG}; do sleep 0.1; done")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        on("peer", "systemctl", "stop", UNIT, status=None)

    @property
    def looks(self) -> list[tuple[str, str, str]]:
        """Return every look that ended: hostname, `any` or `rsa`, and what was printed."""
        text = on("peer", "cat", LOG)
        found = re.findall(r"^= (\S+) (any|rsa)\n(.*?)(?=^= )", text, re.MULTILINE | re.DOTALL)
        return [(name, kind, said) for name, kind, said in found]

    def refused(self) -> list[str]:
        """Return each look at a server that answered, after which no mail would have been sent."""
        return [
            f"{name} {kind}: {said}"
            for name, kind, said in self.looks
            if "TLS connection established" in said and "Verified" not in said
        ]

    def verified(self, kind: str) -> set[str]:
        """Return the hosts that a sender of one kind has verified."""
        return {name for name, who, said in self.looks if who == kind and "Verified TLS" in said}
