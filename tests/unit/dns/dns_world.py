"""A small Internet in memory: servers with zones, and a resolver that knows them all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from dns_samples import NOW, txt

from postwright.dns import manifest
from postwright.dns.claims import Claim, Kind
from postwright.dns.desired import desired
from postwright.dns.facts import DkimKey, HostFacts
from postwright.dns.manifest import Entry
from postwright.dns.records import canonical, is_under
from postwright.dns.world import Finding, Subject, World, look
from postwright.dns.world.asking import NO_ROUTE, Record, Reply
from postwright.model import Blocklist, Inventory, load

HASH = "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$t2HTYNGkuSxYIyYx8HnGfQ$7N8eM+8XjqqvFGShrfmbKXSJREscYAq6gK/fPJ1A47U"  # noqa: E501
RESOLVER = "198.18.0.53"
PARENT, ONE, TWO, SIX = "198.18.0.1", "198.18.0.2", "198.18.0.3", "2001:2::3"
REVERSE, REVERSE6 = "0.18.198.in-addr.arpa", "2.0.0.0.1.0.0.2.ip6.arpa"
POINTER = "21.0.18.198.in-addr.arpa"
POINTER6 = "1.2" + ".0" * 22 + ".2.0.0.0.1.0.0.2.ip6.arpa"
KEY = DkimKey("mx1-202611e", "mx1", f"v=DKIM1; k=ed25519; p={'A' * 43}=")
HOST = HostFacts(issuer="ca.test")
Sets = dict[tuple[str, str], list[str]]


@dataclass
class Internet:
    """What each server holds: address to zone to record sets. All of it may be changed by a test.

    `bogus` zones do not validate, `unsigned` ones have no signatures, `silent` addresses never
    answer, `unreachable` ones have no route; `cached` is what the resolver still believes, `mute`
    what it cannot find out.
    """

    servers: dict[str, dict[str, Sets]]
    bogus: set[str] = field(default_factory=set)
    unsigned: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    unreachable: set[str] = field(default_factory=set)
    cached: Sets = field(default_factory=dict)
    mute: set[tuple[str, str]] = field(default_factory=set)
    validating: bool = True

    def __call__(
        self, address: str, name: str, kind: str, *, recurse: bool = False, checked: bool = True
    ) -> Reply:
        """Answer as an Asker."""
        if address in self.unreachable:
            return Reply(failure=NO_ROUTE)
        if address in self.silent:
            return Reply(failure="no answer (Timeout)")
        return self._resolver(name, kind, checked) if recurse else self._server(address, name, kind)

    def _server(self, address: str, name: str, kind: str) -> Reply:
        held = self.servers.get(address, {})
        zone = _longest(held, name)
        if zone is None:
            return Reply(code="REFUSED")
        sets = held[zone]
        for cut, found in ((n, v) for (n, k), v in sets.items() if k == "NS" and n != zone):
            if is_under(name, cut):
                return Reply(code="NOERROR", authority=_records(cut, "NS", found))
        values = sets.get((name, kind)) or sets.get((name, "CNAME"))
        known = "NOERROR" if any(is_under(each, name) for each, _ in sets) else "NXDOMAIN"
        if not values:
            soa = _records(zone, "SOA", sets[zone, "SOA"])
            return Reply(code=known, authoritative=True, authority=soa)
        shown = kind if sets.get((name, kind)) else "CNAME"
        return Reply("NOERROR", authoritative=True, answer=_records(name, shown, values))

    def _resolver(self, name: str, kind: str, checked: bool) -> Reply:
        if (name, kind) in self.mute:
            return Reply(code="SERVFAIL")
        if (name, kind) in self.cached:
            values = self.cached[name, kind]
            return Reply("NOERROR", authentic=True, answer=_records(name, kind, values))
        every = {zone: at for at, held in self.servers.items() for zone in held}
        name = "" if name == "." else name
        zone = _longest(every, name) or ""
        if zone in self.bogus and checked:
            return Reply(code="SERVFAIL")
        address = next(at for at in self.servers if zone in self.servers[at])
        found = self._server(address, name, kind)
        signed = zone not in self.unsigned and self.validating
        return Reply(found.code, "", False, signed, found.answer, found.authority)


def _longest(zones: object, name: str) -> str | None:
    found = [zone for zone in zones if zone == "" or is_under(name, zone)]  # type: ignore[attr-defined]
    return max(found, key=len, default=None)


def _records(name: str, kind: str, values: list[str]) -> tuple[Record, ...]:
    return tuple(Record(name, kind, 60, canonical(kind, value)) for value in values)


def apex(zone: str, *servers: str) -> Sets:
    """Return SOA and NS of a zone."""
    soa = "ns1.test. hostmaster.test. 1 600 60 86400 1"
    return {(zone, "SOA"): [soa], (zone, "NS"): [f"{each}." for each in servers]}


def entries(zone: str, *claims: Claim, due: datetime | None = None) -> list[str]:
    """Return the values of a manifest."""
    return [manifest.text(Entry("postwright", claim, due), zone) for claim in claims]


def inventory(**host: str) -> Inventory:
    """Return one domain on one host."""
    spec = {
        "hosts": ["mx1"],
        "dns": "lab",
        "accounts": {"taro": {"password_hash": HASH}},
        "aliases": {"postmaster": ["taro"], "abuse": ["taro"]},
        "records": {"autoconfig": False, "mta_sts": False, "srv": False},
    }
    provider = {"driver": "rfc2136", "server": ONE, "key_name": "k", "key_secret": "c2VjcmV0"}
    addresses = {"mail_ipv4": "198.18.0.21", "mail_ipv6": "2001:2::21", **host}
    return load(
        {"mail_domains": {"alpha.test": spec}, "dns_providers": {"lab": provider}},
        {"mx1": {"mail_hostname": "mx1.alpha.test", **{k: v for k, v in addresses.items() if v}}},
    )


def alpha() -> Sets:
    """Return the domain's zone as it should be."""
    spf = "v=spf1 ip4:198.18.0.21 ip6:2001:2::21"
    claims = [
        Claim(Kind.A, "mx1.alpha.test"), Claim(Kind.AAAA, "mx1.alpha.test"),
        Claim(Kind.SPF, "mx1.alpha.test"), Claim(Kind.SPF, "alpha.test"),
        Claim(Kind.MX, "alpha.test"), Claim(Kind.DMARC, "_dmarc.alpha.test"),
        Claim(Kind.DKIM, "mx1-202611e._domainkey.alpha.test"),
    ]  # fmt: skip
    return {
        **apex("alpha.test", "ns1.test", "ns2.test"),
        ("mx1.alpha.test", "A"): ["198.18.0.21"],
        ("mx1.alpha.test", "AAAA"): ["2001:2::21"],
        ("mx1.alpha.test", "TXT"): [txt(f"{spf} -all")],
        ("alpha.test", "TXT"): [txt(f"{spf} ~all"), txt("of somebody else")],
        ("alpha.test", "MX"): ["10 mx1.alpha.test."],
        ("_dmarc.alpha.test", "TXT"): [txt("v=DMARC1; p=reject; sp=reject; np=reject")],
        ("mx1-202611e._domainkey.alpha.test", "TXT"): [txt(KEY.txt)],
        ("_postwright.alpha.test", "TXT"): entries("alpha.test", *claims),
    }


def pointers(zone: str, name: str) -> Sets:
    """Return a reverse zone with one name."""
    listed = entries(zone, Claim(Kind.PTR, name))
    return {
        **apex(zone, "ns1.test"),
        (name, "PTR"): ["mx1.alpha.test."],
        (f"_postwright.{zone}", "TXT"): listed,
    }


def internet() -> Internet:
    """Return a world in which all is well: three addresses of two servers below a parent."""
    cuts: Sets = {(name, "NS"): ["parent.test."] for name in ("test",)}
    cuts |= {(name, "NS"): ["ns1.test."] for name in (REVERSE, REVERSE6)}
    test: Sets = {
        **apex("test", "parent.test"),
        ("alpha.test", "NS"): ["ns1.test.", "ns2.test."],
        ("parent.test", "A"): [PARENT],
        ("ns1.test", "A"): [ONE],
        ("ns2.test", "A"): [TWO],
        ("ns2.test", "AAAA"): [SIX],
        ("x.test", "A"): [ONE],
        ("many.test", "TXT"): [txt("v=spf1 " + "a:x.test " * 10 + "-all")],
        **{("2.0.0.127.bl.test", "A"): ["127.0.0.2"], ("test.dbl.test", "A"): ["127.0.0.2"]},
    }
    reverse = {zone: pointers(zone, n) for zone, n in ((REVERSE, POINTER), (REVERSE6, POINTER6))}
    return Internet(
        {
            PARENT: {"": apex("", "parent.test") | cuts, "test": test},
            ONE: {"alpha.test": alpha(), **reverse},
            TWO: {"alpha.test": alpha()},
            SIX: {"alpha.test": alpha()},
        }
    )


LISTS = {
    "addresses": Blocklist(zone="bl.test", lists="addresses", ipv6=True, page="https://bl.test/"),
    "domains": Blocklist(
        zone="dbl.test", lists="domains", errors=["127.0.1.255"], page="https://dbl.test/"
    ),
}


def seen(world: Internet, *keys: DkimKey, found: Inventory | None = None) -> list[Finding]:
    """Return what a check finds; without keys, nobody asked the hosts."""
    made = found or inventory()
    wanted = desired(made, {"alpha.test": list(keys)} if keys else {}, {"mx1": HOST})
    return look(Subject(made, wanted, NOW.astimezone(UTC), LISTS), World(world, [RESOLVER]))
