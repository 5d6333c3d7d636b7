"""From what a zone holds and what it should hold to a plan. No I/O, no clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from . import manifest as manifests
from . import manifest_parts, spf, txt
from .claims import Claim, Kind, Phase, Want
from .manifest import Entry, Manifest
from .plan import Change, Conflict, Plan
from .records import Slot, Snapshot, canonical

TTL = 3600
ADDRESS_TTL = 300
"""Seconds that our records may be cached; a set that others have values in keeps its own.

An address changes without notice when a host is lost, and until it is forgotten mail waits.
"""


def ttl(type_: str) -> int:
    """Return the seconds for which a set of ours may be cached."""
    return ADDRESS_TTL if type_ in {"A", "AAAA"} else TTL


@dataclass(frozen=True)
class Task:
    """What one run asks of one zone.

    `wants` are all records that belong there, of every phase; `phase` says which of them are
    published now. In the last phase, what is ours and wanted no more is retired, unless `held`
    says that it is not known now whether it is wanted. `adopt` holds names whose foreign values
    the operator gives us.
    """

    wants: Sequence[Want]
    owner: str
    phase: Phase
    now: datetime
    adopt: frozenset[str] = frozenset()
    held: Callable[[Claim], bool] = lambda _: False


@dataclass
class _Draft:
    """The plan in the making: what goes and comes in each slot, and the manifest's entries."""

    snapshot: Snapshot
    manifest: Manifest
    entries: dict[Claim, Entry]
    remove: dict[Slot, list[str]] = field(default_factory=dict)
    add: dict[Slot, list[str]] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def values(self, claim: Claim) -> tuple[str, ...]:
        """Return the values that stand in the zone and are the claim's."""
        return tuple(v for v in self.snapshot.values(claim.slot) if claim.covers(v))

    def set(self, claim: Claim, wanted: Iterable[str]) -> None:
        """Have the claim's values be `wanted`; the same value in another form stays as it is."""
        wanted, standing = set(wanted), self.values(claim)
        same: set[str] = set()
        for value in standing:
            form = canonical(claim.slot.type, value)
            if form in wanted and form not in same:
                same.add(form)
            else:
                self.remove.setdefault(claim.slot, []).append(value)
        self.add.setdefault(claim.slot, []).extend(wanted - same)


def make_plan(provider: str, snapshot: Snapshot, task: Task) -> Plan:
    """Return the plan that brings a zone to what is wanted.

    Claims that meet values which are not ours become conflicts: whoever applies the plan must
    refuse it while it has any.
    """
    manifest = manifests.read(snapshot, task.owner)
    draft = _Draft(snapshot, manifest, dict(manifest.mine))
    wanted = {want.claim for want in task.wants}
    for want in task.wants:
        if want.claim.rule.phase == task.phase or _followed(want.claim, manifest):
            _publish(draft, want, task)
    if task.phase == Phase.CUTOVER:
        for claim in sorted(manifest.mine.keys() - wanted):
            if not task.held(claim):
                _retire(draft, claim, task.now)
    records = _changes(draft)
    mine = {(claim.slot, value) for claim in manifest.mine for value in draft.values(claim)}
    surprises = mine - _settled(draft, task.wants)
    slots = {
        *manifest_parts.slots(snapshot),
        *(claim.slot for claim in wanted | manifest.mine.keys()),
        *(Slot(claim.name, "CNAME") for claim in wanted),
    }
    return Plan(
        provider=provider,
        zone=snapshot.zone,
        slots=tuple(sorted(slots)),
        observed=snapshot.digest(slots),
        changes=(*records, *_manifest_changes(draft)),
        conflicts=tuple(draft.conflicts),
        notes=tuple(draft.notes),
        owned=len(mine),
        deletions=sum(_deletions(change, surprises) for change in records),
    )


def _settled(draft: _Draft, wants: Iterable[Want]) -> set[tuple[Slot, str]]:
    """Return our values whose going is no surprise, which guards are against.

    An earlier run has written into the manifest when they go, and the time has come; or a host has
    rolled over its TLS key, and its others stay.
    """
    over = {
        claim
        for claim, entry in draft.manifest.mine.items()
        if entry.due is not None and claim not in draft.entries
    }
    rolled = {
        want.claim
        for want in wants
        if want.claim.kind is Kind.TLSA
        and any(canonical("TLSA", value) in want.values for value in draft.values(want.claim))
    }
    return {(claim.slot, value) for claim in over | rolled for value in draft.values(claim)}


def _deletions(change: Change, mine: set[tuple[Slot, str]]) -> int:
    """Count such records that go without another taking their place; adopted ones were not ours."""
    ours = [value for value in change.remove if (change.slot, value) in mine]
    return max(0, len(ours) - len(change.add))


def _publish(draft: _Draft, want: Want, task: Task) -> None:
    claim, standing = want.claim, draft.values(want.claim)
    entry = draft.manifest.mine.get(claim)
    if blocked := _blocked(draft, claim):
        draft.conflicts.append(blocked)
        return
    if standing and entry is None and claim.name not in task.adopt:
        draft.conflicts.append(_foreign(claim, standing))
        return
    keep = entry.keep if entry else ()
    if entry is None and claim.kind is Kind.SPF:
        keep = spf.foreign_terms(_texts(standing))
    draft.entries[claim] = Entry(task.owner, claim, None, keep)
    if claim.kind is not Kind.SPF:
        draft.set(claim, want.values)
        return
    record = spf.merge(_texts(want.values)[0], keep)
    if entry:
        record = _with_force(draft, entry, record, standing, task)
    if spf.lookups(record) > spf.LOOKUP_LIMIT:
        draft.conflicts.append(_too_long(claim, record))
        return
    draft.set(claim, [txt.encode(record.encode())])


def _followed(claim: Claim, manifest: Manifest) -> bool:
    """Return whether what is ours already is looked at in every phase.

    Of an SPF record, cutover takes what was in force before. A host that was rebuilt has a new
    ACME account, which the CAA has to name before the host orders its certificate.
    """
    return claim.kind in {Kind.SPF, Kind.CAA} and claim in manifest.mine


def _with_force(
    draft: _Draft, entry: Entry, record: str, standing: tuple[str, ...], task: Task
) -> str:
    """Return the record in union with ours in force, until mail sent under that is delivered.

    Cutover sets the time at which the old terms go; the first cutover after it drops them.
    """
    union = spf.merge(record, *(spf.senders(old) for old in _texts(standing)))
    if union == record:
        return record
    if task.phase is Phase.CUTOVER and entry.due is not None and task.now >= entry.due:
        return record
    due = entry.due
    if task.phase is Phase.CUTOVER and due is None:
        due = _due(draft, entry.claim, task.now)
        draft.notes.append(f"{entry.claim.name} SPF: what only the old record allows goes at {due}")
    draft.entries[entry.claim] = replace(entry, due=due)
    return union


def _due(draft: _Draft, claim: Claim, now: datetime) -> datetime:
    """Return when a record that is needed no more may go: after its grace and its TTL."""
    standing = draft.snapshot.sets.get(claim.slot)
    wait = timedelta(seconds=standing.ttl if standing else 0) + (claim.rule.grace or timedelta())
    return (now + wait).astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)


def _retire(draft: _Draft, claim: Claim, now: datetime) -> None:
    """Delete what is wanted no more, or say when it may go; the claim goes with the record.

    The terms of an adopted SPF record are the operator's: they become a record of their own again.
    """
    entry, standing = draft.entries[claim], draft.values(claim)
    if standing and claim.rule.grace is not None and entry.due is None:
        due = _due(draft, claim, now)
        draft.entries[claim] = replace(entry, due=due)
        draft.notes.append(f"{claim.name} {claim.slot.type} is wanted no more; it goes at {due}")
        return
    if standing and entry.due is not None and now < entry.due:
        return
    draft.set(claim, [txt.encode(spf.merge(spf.VERSION, entry.keep).encode())] * bool(entry.keep))
    del draft.entries[claim]


def _blocked(draft: _Draft, claim: Claim) -> Conflict | None:
    """Return why nothing of ours can stand at a claim's name, whatever the operator says."""
    if owner := draft.manifest.others.get(claim):
        return Conflict(
            claim.slot,
            draft.values(claim),
            f"the zone's manifest says that {owner!r} owns it",
            "let one inventory alone publish it; if that other one is gone, delete its value "
            f"from the TXT sets at {manifests.LABEL}.{draft.snapshot.zone}",
            adoptable=False,
        )
    if cut := draft.snapshot.cut_above(claim.name):
        return Conflict(
            claim.slot,
            draft.snapshot.values(Slot(cut, "NS")),
            f"{cut} is delegated to other name servers, so nobody would see it",
            f"give {cut} to a provider of the inventory, or end the delegation",
            adoptable=False,
        )
    if hindrance := draft.snapshot.hindrance(claim.slot, claim.covers):
        values = (hindrance.value,) if hindrance.value else ()
        return Conflict(claim.slot, values, hindrance.why, hindrance.mend, adoptable=False)
    if claim.rule.type == "CNAME":
        return _not_alone(draft, claim)
    alias = draft.snapshot.values(Slot(claim.name, "CNAME"))
    if alias:
        return Conflict(
            Slot(claim.name, "CNAME"),
            alias,
            f"a CNAME stands alone at its name (RFC 2181 10.1), so no {claim.slot.type} can join",
            "delete the CNAME, or turn this record off: `records` of the domain",
            adoptable=False,
        )
    return None


def _not_alone(draft: _Draft, claim: Claim) -> Conflict | None:
    """Return why a CNAME of ours cannot stand at its name: because anything else does."""
    for slot, found in sorted(draft.snapshot.sets.items()):
        if slot.name == claim.name and slot.type != "CNAME":
            return Conflict(
                slot,
                found.values,
                "a CNAME stands alone at its name (RFC 2181 10.1), so ours cannot join",
                f"delete the {slot.type}, or turn the CNAME off: `records` of the domain",
                adoptable=False,
            )
    return None


def _foreign(claim: Claim, standing: tuple[str, ...]) -> Conflict:
    what = "its terms are kept beside ours" if claim.kind is Kind.SPF else "ours takes its place"
    return Conflict(
        claim.slot,
        standing,
        "it is not ours: the zone's manifest does not list it",
        f"delete it, or adopt it ({what}): -e adopt={claim.name}, or --adopt {claim.name}",
        adoptable=True,
    )


def _too_long(claim: Claim, record: str) -> Conflict:
    return Conflict(
        claim.slot,
        (record,),
        f"merged, it would need {spf.lookups(record)} look-ups; receivers stop at "
        f"{spf.LOOKUP_LIMIT} (RFC 7208 4.6.4) and then nothing passes",
        "take senders out of the record in force that are used no more",
        adoptable=False,
    )


def _texts(values: Iterable[str]) -> list[str]:
    return [txt.decode(value).decode("utf-8", "replace") for value in values]


def _changes(draft: _Draft) -> list[Change]:
    found = []
    for slot in sorted(draft.remove.keys() | draft.add.keys()):
        remove, add = draft.remove.get(slot, []), draft.add.get(slot, [])
        if remove or add:
            found.append(_change(draft.snapshot, slot, remove, add))
    return found


def _manifest_changes(draft: _Draft) -> list[Change]:
    parts = manifest_parts.changes(draft.snapshot, draft.manifest, draft.entries)
    return [_change(draft.snapshot, slot, remove, add) for slot, remove, add in parts]


def _change(snapshot: Snapshot, slot: Slot, remove: list[str], add: list[str]) -> Change:
    standing = snapshot.sets.get(slot)
    before = standing.values if standing else ()
    others = set(before) - set(remove)
    seconds = standing.ttl if standing and others else ttl(slot.type)
    return Change(slot, seconds, before, tuple(sorted(remove)), tuple(sorted(add)))
