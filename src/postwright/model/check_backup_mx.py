"""What must hold of hosts that only take a domain's mail while its own are away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .findings import Finding
from .sketch import Sketch


def check_backup_mx(sketches: list[Sketch], hosts: Mapping[str, object]) -> Iterator[Finding]:
    """Yield what is wrong; that each is a known host is said elsewhere (`checks`)."""
    for sketch in sketches:
        serving = [name for name, _ in sketch.hosts]
        for name, path in sketch.backup_mx if sketch.hosts else ():
            own = _variables(hosts, name)
            if name in serving:
                yield Finding(
                    path,
                    f"{name} is among the domain's hosts: it has the mailboxes, and takes the mail "
                    "for good",
                    "name it in `hosts` or in `backup_mx`",
                )
            elif own.get("mail_relay"):
                yield Finding(
                    path,
                    f"all that leaves {name} goes through {own['mail_relay']} (mail_relay), which "
                    "would send what is handed on in its own name",
                    "name a host that reaches port 25 of others, or leave backup_mx out",
                )
            elif not own.get("mail_antivirus") and any(
                _variables(hosts, each).get("mail_antivirus") for each in serving
            ):
                yield Finding(
                    path,
                    f"{name} looks for no viruses, and the domain's hosts do: once it has taken a "
                    "message, there is nobody to refuse it to",
                    f"`mail_antivirus: true` for {name} too",
                )


def _variables(hosts: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = hosts.get(name)
    return found if isinstance(found, Mapping) else {}
