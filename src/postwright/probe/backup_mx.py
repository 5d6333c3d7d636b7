"""Port 25 of a backup MX: mail for recipients of domains whose own hosts may be away."""

from __future__ import annotations

from functools import partial

from .recipients import foreign, not_taken, offered, sender_at, unknown
from .result import Recorder
from .wire import Target


def check_queue(
    recorder: Recorder, target: Target, port: int, recipient: str, strict: bool, outsider: str
) -> None:
    """Check that a backup MX takes a domain's mail, and only for those whom the domain has.

    Args:
        recorder: takes the results.
        target: an address of the backup MX.
        port: the port for mail transfer.
        recipient: an address that the domain's own hosts serve.
        strict: whether the domain refuses unknown recipients, that is, has no catch-all.
        outsider: an address of another organisation, to relay to.
    """
    domain, sender = recipient.split("@")[1], sender_at(target)
    check = partial(recorder.check, subject=f"{target} port {port}")

    def taken() -> tuple[bool, str]:
        reply = offered(target, port, recipient, sender)
        return reply.startswith("250"), reply

    check(
        "queued_recipient",
        promise=f"takes mail for {recipient}, whose own hosts may be away",
        look=taken,
    )
    others = foreign(domain, outsider) | (unknown(recipient) if strict else {})
    for name, address in others.items():
        check(
            f"queued_{name}",
            promise=f"takes nothing for {domain} that the domain's own hosts would refuse",
            look=partial(not_taken, target, port, address, sender),
            source="RFC 5321 section 3.6.2",
        )
