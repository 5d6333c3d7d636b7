"""Record by record: what the inventory wants, and what every authoritative server answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from postwright.dns import spf, txt
from postwright.dns.answers import Authority
from postwright.dns.claims import Claim, Kind, Want
from postwright.dns.manifest import Entry, Manifest
from postwright.dns.records import Slot

from .asking import Reply
from .findings import Finding

Replies = Mapping[tuple[Authority, Slot], Reply]
_APPLY = "see the plan: postwright dns plan; then apply it"


@dataclass(frozen=True)
class Zone:
    """One zone: who answers for it, what belongs there, and its manifest as DNS has it.

    `unwanted` are slots that should be empty, `held` claims that stay though nobody here knows
    their values.
    """

    name: str
    servers: Sequence[Authority]
    wants: Sequence[Want]
    manifest: Manifest
    held: frozenset[Claim] = frozenset()
    unwanted: frozenset[Slot] = frozenset()

    @property
    def slots(self) -> set[Slot]:
        """Every slot that has to be asked for."""
        claims = {want.claim for want in self.wants} | self.manifest.mine.keys()
        return {claim.slot for claim in claims} | self.unwanted


def judge(zone: Zone, replies: Replies, now: datetime) -> Iterator[Finding]:
    """Yield what is not as it should be."""
    for want in zone.wants:
        yield from _of_want(zone, want, replies, now)
    wanted = {want.claim for want in zone.wants}
    for claim in sorted(zone.manifest.mine.keys() - wanted):
        yield from _of_other(zone, claim, replies, now)
    for slot in sorted(zone.unwanted):
        seen = {value for s in zone.servers for value in replies[s, slot].values(slot.type)}
        if seen:
            yield Finding(
                "record.extra", f"{slot.name} {slot.type}", ", ".join(sorted(seen)),
                "delete it, or say it in the inventory",
            )  # fmt: skip
    yield from _unlisted(zone, replies, now)


def seen_by(server: Authority, claim: Claim, replies: Replies) -> tuple[str, ...] | str:
    """Return the claim's values at a server, or why there are none to be known."""
    reply = replies[server, claim.slot]
    if not reply.good:
        return reply.trouble
    if not reply.authoritative:
        return "an answer without authority"
    aliases = reply.values("CNAME")
    if aliases and claim.slot.type != "CNAME":
        return f"a CNAME to {aliases[0]}"
    return tuple(value for value in reply.values(claim.slot.type) if claim.covers(value))


def _of_want(zone: Zone, want: Want, replies: Replies, now: datetime) -> Iterator[Finding]:
    entry = zone.manifest.mine.get(want.claim)
    seen = {server: seen_by(server, want.claim, replies) for server in zone.servers}
    wrong = {
        server: values
        for server, values in seen.items()
        if isinstance(values, str) or not _fits(want, values, entry, now)
    }
    if len(wrong) == len(seen) and len(set(wrong.values())) == 1:
        yield _wrong(want, next(iter(wrong.values())))
        return
    for server, values in wrong.items():
        yield Finding(
            "record.stale",
            f"{_name(want.claim)} at {server.name} ({server.address})",
            f"{_said(values)}; others answer otherwise",
            "see that this server gets the zone from its primary",
        )


def _wrong(want: Want, values: tuple[str, ...] | str) -> Finding:
    subject = _name(want.claim)
    if isinstance(values, str):
        return Finding("record.different", subject, values, _APPLY)
    if not values:
        return Finding("record.missing", subject, f"nothing, not {', '.join(want.values)}", _APPLY)
    if set(want.values) < set(values):
        extra = sorted(set(values) - set(want.values))
        return Finding("record.extra", subject, f"{', '.join(extra)} as well", _APPLY)
    seen = f"{', '.join(values)}, not {', '.join(want.values)}"
    return Finding("record.different", subject, seen, _APPLY)


def _fits(want: Want, values: tuple[str, ...], entry: Entry | None, now: datetime) -> bool:
    if sorted(values) == sorted(want.values):
        return True
    if want.claim.kind is not Kind.SPF or len(values) != 1 or entry is None:
        return False
    record = txt.decode(values[0]).decode("utf-8", "replace")
    ours = spf.merge(txt.decode(want.values[0]).decode(), entry.keep)
    if spf.merge(record) == ours:
        return True
    # What was in force before may stand until its time is over.
    leaving = entry.due is not None and now < entry.due
    return leaving and spf.merge(record, spf.terms(ours)) == spf.merge(record)


def _of_other(zone: Zone, claim: Claim, replies: Replies, now: datetime) -> Iterator[Finding]:
    """Yield what is to be said of a claim of ours that is not among the wants."""
    entry, values = zone.manifest.mine[claim], _anywhere(zone, claim, replies)
    if claim in zone.held:
        if not values:
            mend = "run playbooks/announce.yml: only the hosts know it"
            yield Finding("record.missing", _name(claim), "nothing", mend)
    elif entry.due is not None and now < entry.due:
        seen = f"{', '.join(values) or 'nothing'}; wanted no more"
        yield Finding("record.retiring", _name(claim), seen, f"none: it goes at {entry.due}")
    else:
        seen = f"{', '.join(values) or 'nothing'}; ours, and wanted no more"
        yield Finding("record.unwanted", _name(claim), seen, _APPLY)


def _unlisted(zone: Zone, replies: Replies, now: datetime) -> Iterator[Finding]:
    if not zone.manifest.mine and all(want.claim.kind is Kind.PTR for want in zone.wants):
        # A hoster's zone: it has names of addresses for its customers, and no manifest.
        return
    right = [
        want.claim
        for want in zone.wants
        if want.claim not in zone.manifest.mine
        and _fits(want, _anywhere(zone, want.claim, replies), None, now)
    ]
    if right:
        names = ", ".join(_name(claim) for claim in sorted(right))
        yield Finding(
            "manifest.incomplete", f"zone {zone.name}",
            f"right, but the manifest does not list as ours: {names}",
            "adopt them by name, or find out who publishes them: postwright dns plan",
        )  # fmt: skip


def _anywhere(zone: Zone, claim: Claim, replies: Replies) -> tuple[str, ...]:
    """Return what the first server answers that answers at all."""
    found: Iterable[tuple[str, ...] | str] = (seen_by(s, claim, replies) for s in zone.servers)
    return next((values for values in found if not isinstance(values, str)), ())


def _name(claim: Claim) -> str:
    return f"{claim.name} {claim.slot.type}{' (SPF)' if claim.kind is Kind.SPF else ''}"


def _said(values: tuple[str, ...] | str) -> str:
    return values if isinstance(values, str) else ", ".join(values) or "nothing"
