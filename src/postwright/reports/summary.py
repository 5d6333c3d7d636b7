"""What all reports say together, by domain: the value that is shown, or printed as JSON."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from postwright.model import Inventory

from .aggregate import AggregateReport, Record
from .collect import Collected
from .document import Report
from .explain import explain
from .fields import Address
from .tlsrpt import PolicyResult, TlsReport

MAX_DETAILS = 5
"""How many different details of one failure are kept."""


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Period(_Value):
    """Who reported, and from when to when."""

    reports: int
    reporters: list[str]
    begin: datetime
    end: datetime


class Source(_Value):
    """How the mail from one address fared; `host` is whose of ours it is, None if nobody's."""

    address: Address
    host: str | None
    passed: int = 0
    failed: int = 0
    spf: int = 0
    dkim: int = 0
    dispositions: dict[str, int]
    reasons: list[str]
    details: list[str]


class Dmarc(_Value):
    """How a domain's mail fared by DMARC; sources that matter most come first."""

    period: Period
    policy: str
    passed: int
    failed: int
    sources: list[Source]


class TlsFailure(_Value):
    """Sessions that failed alike."""

    type: str
    sessions: int
    meaning: str
    mend: str
    details: list[str]


class TlsPolicy(_Value):
    """How sessions under one kind of policy went."""

    type: str
    successful: int
    failed: int
    failures: list[TlsFailure]


class Tls(_Value):
    """How sessions to a domain went."""

    period: Period
    policies: list[TlsPolicy]


class Domain(_Value):
    """What others say of a domain; `ours` is None where no inventory was given."""

    domain: str
    ours: bool | None
    dmarc: Dmarc | None
    tls: Tls | None


class Summary(_Value):
    """Everything that the reports of one run say."""

    domains: list[Domain]
    reports: int
    duplicates: int
    older: int
    other: int
    broken: list[str]

    @property
    def failed(self) -> bool:
        """Whether any message or session failed."""
        return any(
            (domain.dmarc is not None and domain.dmarc.failed > 0)
            or (domain.tls is not None and any(map(fails, domain.tls.policies)))
            for domain in self.domains
        )


def fails(policy: TlsPolicy) -> bool:
    """Tell whether sessions failed; some senders count them in one of two places only."""
    return bool(policy.failed or policy.failures)


def summarise(collected: Collected, inventory: Inventory | None) -> Summary:
    """Return the summary of what was collected."""
    names = sorted({name for report in collected.reports for name in report.domains})
    domains = [_domain(name, collected.reports, inventory) for name in names]
    return Summary(
        domains=sorted(domains, key=lambda domain: not _our_fault(domain)),
        reports=len(collected.reports),
        duplicates=collected.duplicates,
        older=collected.older,
        other=collected.other,
        broken=collected.broken,
    )


def _our_fault(domain: Domain) -> bool:
    """Tell whether a host of ours failed: at DMARC, or at TLS, which is always ours."""
    sources = domain.dmarc.sources if domain.dmarc else []
    policies = domain.tls.policies if domain.tls else []
    return any(s.failed and s.host for s in sources) or any(map(fails, policies))


def _domain(name: str, reports: Sequence[Report], inventory: Inventory | None) -> Domain:
    about = [report for report in reports if name in report.domains]
    return Domain(
        domain=name,
        ours=None if inventory is None else _is_ours(name, inventory),
        dmarc=_dmarc([r for r in about if isinstance(r, AggregateReport)], inventory),
        tls=_tls(name, [r for r in about if isinstance(r, TlsReport)]),
    )


def _is_ours(name: str, inventory: Inventory) -> bool:
    """Tell whether the inventory has the domain, or one below it (RFC 9989 4.10: the tree)."""
    return any(own == name or own.endswith(f".{name}") for own in inventory.domains)


def _period(reports: Sequence[Report]) -> Period:
    return Period(
        reports=len(reports),
        reporters=sorted({report.reporter or "(nameless)" for report in reports}),
        begin=min(report.begin for report in reports),
        end=max(report.end for report in reports),
    )


def _dmarc(reports: Sequence[AggregateReport], inventory: Inventory | None) -> Dmarc | None:
    if not reports:
        return None
    records: dict[Address, list[Record]] = defaultdict(list)
    for report in reports:
        for record in report.records:
            records[record.source].append(record)
    hosts = _hosts(inventory)
    sources = [_source(where, found, hosts.get(where)) for where, found in records.items()]
    return Dmarc(
        period=_period(reports),
        policy=max(reports, key=lambda report: report.end).policy or "none",
        passed=sum(source.passed for source in sources),
        failed=sum(source.failed for source in sources),
        sources=sorted(sources, key=_weight),
    )


def _hosts(inventory: Inventory | None) -> dict[Address, str]:
    hosts = inventory.hosts.values() if inventory else ()
    return {address: host.name for host in hosts for address in host.addresses}


def _weight(source: Source) -> tuple[object, ...]:
    """Return the order: our own failures, others' failures, the rest; many before few."""
    ours = source.host is not None
    return (
        not (source.failed and ours), not source.failed, -source.failed, -source.passed,
        str(source.address),
    )  # fmt: skip


def _source(address: Address, records: Sequence[Record], host: str | None) -> Source:
    failing = [record for record in records if not record.passed]
    dispositions: Counter[str] = Counter()
    for record in records:
        dispositions[record.disposition] += record.count
    return Source(
        address=address,
        host=host,
        passed=sum(record.count for record in records if record.passed),
        failed=sum(record.count for record in failing),
        spf=sum(record.count for record in records if record.spf),
        dkim=sum(record.count for record in records if record.dkim),
        dispositions=dict(dispositions.most_common()),
        reasons=sorted({reason for record in records for reason in record.reasons}),
        details=_common((_seen(record), record.count) for record in failing),
    )


def _seen(record: Record) -> str:
    """Return what SPF and DKIM said by themselves of a message that failed."""
    results = "; ".join(map(str, record.results)) or "neither SPF nor DKIM said anything"
    return f"From: {record.header_from or '?'}: {results}"


def _common(counted: Iterable[tuple[str, int]]) -> list[str]:
    """Return the most frequent texts."""
    counts: Counter[str] = Counter()
    for text, count in counted:
        counts[text] += count
    return [text for text, _ in counts.most_common(MAX_DETAILS) if text]


def _tls(domain: str, reports: Sequence[TlsReport]) -> Tls | None:
    if not reports:
        return None
    kinds: dict[str, list[PolicyResult]] = defaultdict(list)
    for report in reports:
        for result in report.policies:
            if result.policy.domain == domain:
                kinds[result.policy.type].append(result)
    policies = [_policy(domain, kind, results) for kind, results in sorted(kinds.items())]
    return Tls(period=_period(reports), policies=policies)


def _policy(domain: str, kind: str, results: Sequence[PolicyResult]) -> TlsPolicy:
    return TlsPolicy(
        type=kind,
        successful=sum(result.summary.successful for result in results),
        failed=sum(result.summary.failed for result in results),
        failures=_failures(domain, results),
    )


def _failures(domain: str, results: Sequence[PolicyResult]) -> list[TlsFailure]:
    counts: Counter[str] = Counter()
    details: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for result in results:
        for failure in result.failures:
            counts[failure.type] += failure.count
            details[failure.type].append((str(failure), failure.count))
    return [
        TlsFailure(
            type=kind,
            sessions=count,
            meaning=explain(kind, domain).meaning,
            mend=explain(kind, domain).mend,
            details=_common(details[kind]),
        )
        for kind, count in counts.most_common()
    ]
