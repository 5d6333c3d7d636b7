"""Dynamic updates (RFC 2136) signed by TSIG (RFC 8945), read by zone transfer (RFC 5936).

One UPDATE per zone, whose prerequisites are every touched record set by value, or its absence
(RFC 2136 2.4). The SOA is none of them: BIND with inline signing never matches it. So the server
itself refuses a change that somebody else's has overtaken.
"""

from __future__ import annotations

from collections.abc import Sequence

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.update

from postwright.dns.errors import (
    AmbiguousError,
    CredentialError,
    NotServedError,
    ProviderError,
    StalePlanError,
)
from postwright.dns.plan import Change
from postwright.dns.records import RecordSet, Slot, Snapshot

from .base import Capabilities
from .wire import Server, Wire

__all__ = ["Rfc2136", "Server"]

# The signer's, not the operator's (RFC 4034, RFC 5155), and private types such as BIND's
# TYPE65534: they change without anybody's doing.
_SIGNER = {"RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "CDS", "CDNSKEY", "TYPE65534"}
# Seen of BIND 9.18.49 on 2026-11-25; the conformance matrix has a case for each.
_BIND_MX = (
    "If it is BIND and the key is good, its log names the record: it also refuses an MX to a name "
    "of the zone that has no address"
)
_BIND_SET = "BIND fails so at more than 100 records in one set (max-records-per-type)"
_PREREQUISITE = {
    dns.rcode.YXDOMAIN,
    dns.rcode.YXRRSET,
    dns.rcode.NXRRSET,
    dns.rcode.NXDOMAIN,
}


class Rfc2136:
    """A primary name server that takes dynamic updates."""

    capabilities = Capabilities(atomic=True, conditional=True)

    def __init__(self, server: Server) -> None:
        self._server = server
        self._wire = Wire(server)

    @property
    def name(self) -> str:
        """The provider's key in `dns_providers`."""
        return self._server.name

    def find_zone(self, name: str) -> str | None:
        """Return the zone by one question: an authoritative answer names it by its SOA.

        A referral or a refusal means that the name is not served here. Behind a CNAME the SOA is
        that of another name, so the zone is looked for above it.
        """
        wanted = dns.name.from_text(name)
        while len(wanted) > 1:
            answer = self._wire.ask(dns.message.make_query(wanted, dns.rdatatype.SOA))
            code = answer.rcode()
            if code in {dns.rcode.REFUSED, dns.rcode.NOTAUTH}:
                return None
            if code not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
                raise self._unusable(code, f"asked for the SOA of {name}")
            if not answer.flags & dns.flags.AA:
                return None
            if any(rrset.rdtype == dns.rdatatype.CNAME for rrset in answer.answer):
                wanted = wanted.parent()
                continue
            for rrset in (*answer.answer, *answer.authority):
                if rrset.rdtype == dns.rdatatype.SOA and wanted.is_subdomain(rrset.name):
                    return _text(rrset.name) if len(rrset.name) > 1 else None
            return None
        return None

    def probe(self, zone: str) -> None:
        """Read the zone, then send an UPDATE that changes nothing: the key may do both."""
        self.read(zone)
        update = dns.update.UpdateMessage(dns.name.from_text(zone))
        update.present(dns.name.from_text(zone))
        self._judge(zone, self._wire.send(update))

    def read(self, zone: str) -> Snapshot:
        """Return the zone by AXFR, without what DNSSEC signing put there."""
        sets: dict[Slot, RecordSet] = {}
        for name, rdataset in self._wire.transfer(zone).iterate_rdatasets():
            kind = dns.rdatatype.to_text(rdataset.rdtype)
            if kind not in _SIGNER:
                values = tuple(sorted(rdata.to_text() for rdata in rdataset))
                sets[Slot(_text(name), kind)] = RecordSet(rdataset.ttl, values)
        return Snapshot(zone, sets)

    def apply(self, zone: str, changes: Sequence[Change]) -> None:
        """Send one UPDATE with all changes, each set a prerequisite."""
        if changes:
            self._judge(zone, self._wire.send(update_message(zone, changes)))

    def _judge(self, zone: str, answer: dns.message.Message) -> None:
        code = answer.rcode()
        if code == dns.rcode.NOERROR:
            return
        if code in _PREREQUISITE:
            raise StalePlanError(
                f"zone {zone}: somebody else changed it while this ran (its server said "
                f"{dns.rcode.to_text(code)}); nothing was changed",
                "run again: the plan is then made anew",
            )
        if code == dns.rcode.REFUSED:
            error = self._wire.refused("REFUSED", f"an update (RFC 2136), zone {zone}")
            raise CredentialError(error.what, f"{error.mend}. {_BIND_MX}")
        if code in {dns.rcode.NOTAUTH, dns.rcode.NOTZONE}:
            raise NotServedError(
                f"dns_providers.{self.name}: {self._server.host} is not the primary of {zone}",
                "write the address of its primary name server",
            )
        if code == dns.rcode.SERVFAIL:
            raise AmbiguousError(
                f"dns_providers.{self.name}: {self._server.host} failed at updating {zone} "
                "(SERVFAIL)",
                f"look into that server's log. {_BIND_SET}",
            )
        raise self._unusable(code, f"updating {zone}")

    def _unusable(self, code: dns.rcode.Rcode, what: str) -> ProviderError:
        return ProviderError(
            f"dns_providers.{self.name}: {self._server.host} said {dns.rcode.to_text(code)} when "
            f"{what}",
            "look into that server's log",
        )


def update_message(zone: str, changes: Sequence[Change]) -> dns.update.UpdateMessage:
    """Return the UPDATE: prerequisites as read, then what goes, then what comes."""
    update = dns.update.UpdateMessage(dns.name.from_text(zone))
    for change in changes:
        name = dns.name.from_text(change.slot.name)
        if change.before:
            update.present(name, *(_rdata(change.slot, value) for value in change.before))
        else:
            update.absent(name, change.slot.type)
    for change in changes:
        name = dns.name.from_text(change.slot.name)
        for value in change.remove:
            update.delete(name, _rdata(change.slot, value))
        for value in change.add:
            update.add(name, change.ttl, _rdata(change.slot, value))
    return update


def _rdata(slot: Slot, value: str) -> dns.rdata.Rdata:
    return dns.rdata.from_text(dns.rdataclass.IN, slot.type, value, dns.name.root, relativize=False)


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
