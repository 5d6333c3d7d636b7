"""Senders at the peer that look at port 25 again and again, by the TLSA set that is cached."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

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


@contextmanager
def dane_senders(hostnames: Sequence[str]) -> Iterator[Senders]:
    """Have the present TLSA sets cached, and two senders look at each host until the end.

    One is like any other, and one knows no ECDSA. The peer's resolver keeps a TLSA set for its
    TTL, as everybody's does.
    """
    looks = "".join(
        f"echo '= {name} {kind}'; {_FINGER} {options} '[{name}]' 2>&1; "
        for name in hostnames
        for kind, options in (("any", ""), ("rsa", _RSA))
    )
    on("peer", "sh", "-ec", f"printf %s {shlex.quote(_SETTINGS)} >{ONLY_RSA}; : >{LOG}")
    on("peer", "systemd-run", f"--unit={UNIT}", "--collect", "sh", "-c",
       f"while :; do {{ {looks} echo '= end'; }} >>{LOG}; sleep 0.2; done")  # fmt: skip
    try:
        on("peer", "timeout", "30", "sh", "-c", f"until grep -q '= end' {LOG}; do sleep 0.1; done")
        yield Senders()
    finally:
        on("peer", "systemctl", "stop", UNIT)


class Senders:
    """What the senders saw.

    A host without an RSA key has nothing to show to the second one: no TLS session comes to be.
    """

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
            if "Verified TLS connection" not in said
            and (kind == "any" or "TLS connection established" in said)
            # Postfix restarts where main.cf names another file: who finds it gone comes again.
            and "Connection refused" not in said
        ]

    def verified(self, kind: str) -> set[str]:
        """Return the hosts that a sender of one kind has verified."""
        return {name for name, who, said in self.looks if who == kind and "Verified TLS" in said}
