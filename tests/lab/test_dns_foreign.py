"""A domain with a past: what others published before the first run, and all that comes after it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.update
import pytest
import yaml

from labkit import BIN, ROOT, command
from postwright.dns import Order, Phase, make_plans, publish
from postwright.dns.desired import Desired
from postwright.dns.drivers import Rfc2136, Server
from postwright.dns.drivers.wire import Wire
from postwright.dns.records import Slot
from postwright.dns.txt import decode, encode

ZONE = "test"
SPF = "v=spf1 include:peer.test ip4:198.18.7.7 ?all"
OTHERS = ("google-site-verification=x", "MS=ms123")
KEY = "v=DKIM1; k=ed25519; p=" + "A" * 43 + "="
LATER = timedelta(days=30)


@dataclass(frozen=True)
class Past:
    """A domain in the lab's zone `test`, with an inventory of its own."""

    domain: str
    owner: str
    folder: Path
    driver: Rfc2136
    wire: Wire

    def put(self, name: str, kind: str, *values: str) -> None:
        """Add values as another program would."""
        update = dns.update.UpdateMessage(ZONE)
        for value in values:
            update.add(f"{name}.", 300, kind, value)
        assert self.wire.send(update).rcode() == 0

    def there(self) -> dict[Slot, tuple[str, ...]]:
        """Return what stands at and below the domain."""
        sets = self.driver.read(ZONE).sets
        return {
            slot: found.values
            for slot, found in sets.items()
            if slot.name == self.domain or slot.name.endswith(f".{self.domain}")
        }

    def texts(self, name: str = "") -> set[str]:
        """Return the TXT values at a name below the domain."""
        values = self.there().get(Slot(f"{name}{self.domain}", "TXT"), ())
        return {decode(value).decode() for value in values}

    def run(self, verb: str, *words: str, selector: str = "mx1-202611r-aaaa") -> Any:
        """Run `postwright dns` with a DKIM key of this selector."""
        keys = {self.domain: [{"selector": selector, "host": "mx1", "txt": KEY}]}
        facts = self.folder.with_name("facts.json")
        facts.write_text(json.dumps({"postwright_facts": 1, "dkim": keys, "hosts": {}}))
        where = ("-i", str(self.folder), "--facts", str(facts))
        return command(str(BIN / "postwright"), "dns", verb, *where, *words)

    def prune(self, now: datetime) -> None:
        """Retire what is ours, as a run of that time does whose inventory wants nothing here."""
        made = {"lab": self.driver}
        for phase in Phase:
            order = Order(self.owner, phase, retire_zones=(ZONE,), now=now)
            publish(made, make_plans(made, Desired((), ()), order))


@pytest.fixture
def past(lab_facts: dict[str, Any], tmp_path: Path) -> Iterator[Past]:
    """A domain that others have records at: senders, proofs, a policy, a key and an exchanger."""
    owner = f"foreign-{secrets.token_hex(4)}"
    tsig, address = lab_facts["tsig"], lab_facts["hosts"]["ns1"]["ipv4"]
    server = Server("lab", address, 53, tsig["name"], tsig["algorithm"], tsig["secret"])
    made = Past(f"{owner}.{ZONE}", owner, tmp_path / "inventory", Rfc2136(server), Wire(server))
    _write_inventory(made, lab_facts)
    made.put(made.domain, "TXT", *(encode(text.encode()) for text in (*OTHERS, SPF)))
    made.put(made.domain, "MX", "5 mx.old.test.")
    made.put(f"_dmarc.{made.domain}", "TXT", '"v=DMARC1; p=none"')
    made.put(f"old._domainkey.{made.domain}", "TXT", encode(KEY.encode()))
    yield made
    update = dns.update.UpdateMessage(ZONE)
    for slot in made.there():
        update.delete(f"{slot.name}.", slot.type)
    assert made.wire.send(update).rcode() == 0


def _write_inventory(past: Past, facts: dict[str, Any]) -> None:
    """Write an inventory of the domain alone, whose host's own records are somebody else's."""
    lab = yaml.safe_load((ROOT / "inventory/lab/group_vars/all/mail.yml").read_text())
    account = lab["mail_domains"]["alpha.test"]["accounts"]["taro"]
    off = ("autoconfig", "mta_sts", "srv", "caa")
    domain = {
        "hosts": ["mx1"],
        "dns": "lab",
        "accounts": {"taro": account},
        "aliases": {"postmaster": ["taro"], "abuse": ["taro"]},
        "records": dict.fromkeys(off, False),
    }
    host = {
        "mail_hostname": "mx1.alpha.test",
        "mail_ipv4": facts["hosts"]["mx1"]["ipv4"],
        "mail_records": dict.fromkeys(("address", "ptr", "spf", "tlsa", "caa"), False),
    }
    every = {
        "mail_owner": past.owner,
        "mail_domains": {past.domain: domain},
        "dns_providers": {
            "lab": {
                "driver": "rfc2136",
                "server": facts["hosts"]["ns1"]["ipv4"],
                "key_name": facts["tsig"]["name"],
                "key_secret": facts["tsig"]["secret"],
            }
        },
        "dns_resolver": [facts["resolver"]],
    }
    hosts = {"mail_hosts": {"hosts": {"mx1": host}}}
    past.folder.mkdir()
    (past.folder / "hosts.yml").write_text(yaml.safe_dump(hosts))
    (past.folder / "group_vars").mkdir()
    (past.folder / "group_vars" / "all.yml").write_text(yaml.safe_dump(every))


def test_a_clash_stops_the_plan_and_is_named(past: Past) -> None:
    before = past.there()
    for words in (("plan",), ("apply", "--yes")):
        done = past.run(*words)
        assert done.returncode == 1
        said = " ".join(done.stdout.split())
        for name, kind in (("", "TXT"), ("", "MX"), ("_dmarc.", "TXT")):
            clash = f"zone {ZONE} (lab): {name}{past.domain} {kind}: it is not ours"
            assert clash in said
            assert f"--adopt {name}{past.domain}" in said
        assert "old._domainkey" not in said
    assert past.there() == before


def test_what_others_published_outlives_adoption_rotation_and_prune(past: Past) -> None:
    adopt = ("--adopt", past.domain, "--adopt", f"_dmarc.{past.domain}")
    done = past.run("apply", "--yes", *adopt)
    assert done.returncode == 0, done.stderr
    merged = next(text for text in past.texts() if text.startswith("v=spf1"))
    assert {"include:peer.test", "ip4:198.18.7.7"} < set(merged.split())
    assert past.there()[Slot(past.domain, "MX")] == ("10 mx1.alpha.test.",)
    assert past.run("plan").returncode == 0

    assert past.run("apply", "--yes", selector="mx1-202612r-bbbb").returncode == 0
    for selector in ("mx1-202611r-aaaa", "mx1-202612r-bbbb", "old"):
        assert past.texts(f"{selector}._domainkey.") == {KEY}

    now = datetime.now(UTC)
    past.prune(now)
    past.prune(now + LATER)
    left = {slot.name.removesuffix(past.domain): values for slot, values in past.there().items()}
    assert set(left) == {"", "old._domainkey."}
    assert past.texts() == {*OTHERS, "v=spf1 include:peer.test ip4:198.18.7.7 ~all"}
    assert past.owner not in str(past.driver.read(ZONE).sets).replace(past.domain, "")


def test_another_owner_of_the_zone_is_respected(past: Past) -> None:
    claim = f"postwright1 o=somebody-else k=mx n={past.owner}"
    past.put(f"_postwright.{ZONE}", "TXT", encode(claim.encode()))
    done = past.run("apply", "--yes", "--adopt", past.domain, "--adopt", f"_dmarc.{past.domain}")
    assert done.returncode == 1
    assert "'somebody-else' owns it" in " ".join(done.stdout.split())
    assert past.texts() == {*OTHERS, SPF}
    update = dns.update.UpdateMessage(ZONE)
    update.delete(f"_postwright.{ZONE}.", "TXT", encode(claim.encode()))
    assert past.wire.send(update).rcode() == 0
