"""`postwright dns` and playbooks/dns.yml on built hosts, while somebody else changes the zones."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import dns.update
import pytest

from labkit import BIN, ROOT, Site, command, lab, on, play
from postwright.dns.drivers import Rfc2136, Server
from postwright.dns.drivers.wire import Wire
from postwright.dns.records import Slot

INVENTORY = ("-i", "inventory/lab")
ZONE = "alpha.test"
MX = Slot(ZONE, "MX")
OURS = ("10 mx1.alpha.test.",)


class Zones:
    """The lab's zones as somebody else with a key changes them."""

    def __init__(self, facts: dict[str, Any]) -> None:
        tsig = facts["tsig"]
        address = facts["hosts"]["ns1"]["ipv4"]
        server = Server("lab", address, 53, tsig["name"], tsig["algorithm"], tsig["secret"])
        self.secret = tsig["secret"]
        self.driver, self._wire = Rfc2136(server), Wire(server)

    def put(self, zone: str, name: str, kind: str, *values: str) -> None:
        """Have a record set be these values.

        Values are deleted one by one: a server leaves a zone's own NS set as a whole alone
        (RFC 2136 3.4.2.4).
        """
        update = dns.update.UpdateMessage(zone)
        for value in set(self.driver.read(zone).values(Slot(name, kind))) - set(values):
            update.delete(f"{name}.", kind, value)
        for value in values:
            update.add(f"{name}.", 1, kind, value)
        assert self._wire.send(update).rcode() == 0


@pytest.fixture
def zones(site: Site, lab_facts: dict[str, Any]) -> Iterator[Zones]:
    """The zones of converged hosts, which are as the inventory wants them before and after."""
    made = Zones(lab_facts)
    assert postwright("plan").returncode == 0
    yield made
    assert postwright("apply", "--yes").returncode == 0


def postwright(verb: str, *words: str) -> Any:
    """Run `postwright dns`."""
    return command(str(BIN / "postwright"), "dns", verb, *INVENTORY, *words)


def findings() -> list[tuple[str, str]]:
    """Return what a check finds, as (id, subject); its status has to say the same."""
    done = postwright("check", "--format", "json")
    found = json.loads(done.stdout)["findings"]
    assert done.returncode == (2 if any(f["severity"] == "error" for f in found) else 0)
    return [(each["id"], each["subject"]) for each in found]


def test_a_converged_lab_is_as_the_inventory_wants(zones: Zones) -> None:
    # The resolver may still know what stood there before these hosts.
    assert [each for each in findings() if each[0] != "record.cached"] == []


def test_a_change_behind_our_back_is_seen_planned_and_undone(zones: Zones) -> None:
    zones.put(ZONE, ZONE, "MX", "5 mx.elsewhere.test.")
    assert ("record.different", "alpha.test MX") in findings()
    done = postwright("plan", "--format", "markdown")
    assert done.returncode == 2
    assert "- alpha.test. MX 5 mx.elsewhere.test.\n+ alpha.test. 3600 MX 10 mx1" in done.stdout
    done = postwright("apply", "--yes")
    assert done.returncode == 0
    assert "ns1.test (2001:2:" in done.stderr
    assert zones.driver.read(ZONE).values(MX) == OURS
    assert postwright("plan").returncode == 0


def test_both_stages_are_done_in_order_and_proven(zones: Zones) -> None:
    zones.put(ZONE, "mx1.alpha.test", "A", "198.18.0.9")
    zones.put(ZONE, ZONE, "MX")
    done = postwright("plan", "--format", "json")
    phases = [(s["phase"], len(s["zones"])) for s in json.loads(done.stdout)["stages"]]
    assert phases == [("announce", 1), ("cutover", 1)]
    assert postwright("apply", "--yes").returncode == 0
    assert findings() == [] or {found for found, _ in findings()} == {"record.cached"}


def test_a_saved_plan_is_applied_exactly_or_refused(zones: Zones, tmp_path: Path) -> None:
    file = str(tmp_path / "plan")
    zones.put(ZONE, ZONE, "MX", "5 mx.elsewhere.test.")
    assert postwright("plan", "--out", file).returncode == 2
    assert zones.secret not in Path(file).read_text(encoding="utf-8")
    zones.put(ZONE, ZONE, "MX", "6 mx.elsewhere.test.")
    done = postwright("apply", file)
    assert done.returncode == 1
    assert "zone alpha.test is not what the plan was made for" in done.stderr
    assert zones.driver.read(ZONE).values(MX) == ("6 mx.elsewhere.test.",)
    zones.put(ZONE, ZONE, "MX", "5 mx.elsewhere.test.")
    assert postwright("apply", file).returncode == 0
    assert zones.driver.read(ZONE).values(MX) == OURS


def test_the_playbook_saves_and_applies_the_same_plans(zones: Zones, tmp_path: Path) -> None:
    file, facts = tmp_path / "plan", tmp_path / "facts"
    zones.put(ZONE, "_dmarc.alpha.test", "TXT")
    words = ("playbooks/dns.yml", "-e", f"dns_plan={file}")
    dry = play(*words, "--check", "--diff", "-e", f"facts_file={facts}")
    assert dry.recap()["localhost"]["changed"] == 1
    assert '+_dmarc.alpha.test. TXT "v=DMARC1; p=reject' in dry.output
    assert postwright("plan", "--facts", str(facts)).returncode == 2
    assert play(*words).recap()["localhost"]["changed"] == 1
    again = play(*words)
    assert again.status != 0
    assert "applied already" in again.output
    assert play("playbooks/dns.yml").recap()["localhost"]["changed"] == 0


@pytest.fixture
def by_hand() -> Iterator[Path]:
    """The lab's inventory, but that alpha.test is changed by hand; it lies as deep as the lab's."""
    folder = ROOT / ".lab" / "hand"
    hand = f"{{driver: manual, zone_files: {folder}}}"
    shutil.copytree(ROOT / "inventory" / "lab", folder)
    for file, old, new in (
        ("mail.yml", "  alpha.test:\n    hosts: [mx1]\n    dns: lab", None),
        ("mail.yml", "    parked: true\n    dns: lab", None),
        ("dns.yml", "dns_providers:", f"dns_providers:\n  hand: {hand}"),
    ):
        path = folder / "group_vars" / "all" / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new or old.replace("dns: lab", "dns: hand")))
    yield folder
    shutil.rmtree(folder)


def test_what_people_have_to_change_is_told_and_waited_for(zones: Zones, by_hand: Path) -> None:
    assert play("playbooks/dns.yml", inventory=str(by_hand)).recap()["localhost"]["changed"] == 0
    zones.put(ZONE, ZONE, "MX", "5 mx.elsewhere.test.")
    told = play("playbooks/dns.yml", inventory=str(by_hand))
    assert told.status != 0
    assert "- alpha.test. 3600 IN MX 5 mx.elsewhere.test." in told.output
    assert "+ alpha.test. 3600 IN MX 10 mx1.alpha.test." in told.output
    assert zones.driver.read(ZONE).values(MX) == ("5 mx.elsewhere.test.",)
    done = command(str(BIN / "postwright"), "dns", "apply", "-i", str(by_hand), "--yes")
    assert done.returncode == 2
    text = (by_hand / f"{ZONE}.zone").read_text(encoding="utf-8")
    assert text.endswith("\nalpha.test. 3600 IN MX 10 mx1.alpha.test.\n")
    zones.put(ZONE, ZONE, "MX", *OURS)
    assert play("playbooks/cutover.yml", inventory=str(by_hand)).status == 0


def test_a_listed_address_and_a_lost_name_are_told(zones: Zones, lab_facts: dict[str, Any]) -> None:
    address = ip_address(lab_facts["hosts"]["mx2"]["ipv4"])
    reverse = address.reverse_pointer
    listed = f"{reverse.removesuffix('.in-addr.arpa')}.bl.test"
    zones.put("bl.test", listed, "A", "127.0.0.4")
    zones.put(reverse.partition(".")[2], reverse, "PTR")
    try:
        found = findings()
        assert ("blocklist.listed", f"{address} on lab_addresses (bl.test)") in found
        assert {i for i, _ in found} & {"reverse.missing", "record.missing"}
    finally:
        zones.put("bl.test", listed, "A")


def test_a_server_that_does_not_serve_the_zone_is_lame(
    zones: Zones, lab_facts: dict[str, Any]
) -> None:
    address = lab_facts["hosts"]["acme"]["ipv4"]
    zones.put("test", "lame.test", "A", address)
    zones.put(ZONE, ZONE, "NS", "ns1.test.", "lame.test.")
    try:
        assert ("delegation.lame", f"zone alpha.test: lame.test ({address})") in findings()
    finally:
        zones.put(ZONE, ZONE, "NS", "ns1.test.")
        assert zones.driver.read(ZONE).values(Slot(ZONE, "NS")) == ("ns1.test.",)
        zones.put("test", "lame.test", "A")


def test_the_units_of_the_schedule_are_sound_and_run_what_there_is(zones: Zones) -> None:
    program = "/srv/postwright/.venv/bin/postwright"
    on("client", "sh", "-ec", f"mkdir -p {Path(program).parent}; ln -sf /bin/true {program}")
    units = [ROOT / f"docs/ci/postwright-dns-check.{kind}" for kind in ("service", "timer")]
    for unit in units:
        lab("exec", "client", "--", "tee", f"/run/{unit.name}", input=unit.read_text())
    on("client", "systemd-analyze", "verify", *(f"/run/{unit.name}" for unit in units))
    (line,) = re.findall(r"^ExecStart=(.*)$", units[0].read_text(), re.MULTILINE)
    words = line.replace("inventory/mine", "inventory/lab").split()
    assert words[0] == program
    done = command(str(BIN / "postwright"), *words[1:])
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
