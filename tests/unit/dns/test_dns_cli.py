"""`postwright dns` as a CI job meets it, on a provider in memory."""

from __future__ import annotations

import json
from pathlib import Path

import dns.name
import dns.zone
import pytest
from dns_samples import ZONE, Memory, txt, zone
from typer.testing import CliRunner, Result

from postwright.cli import app
from postwright.dns import Known, carry, cli, cli_check, edge, known
from postwright.dns.errors import CredentialError
from postwright.dns.facts import DkimKey
from postwright.dns.records import Slot
from postwright.dns.txt import decode
from postwright.dns.world import Finding
from postwright.model import Inventory, InventoryError, load

HASH = "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$t2HTYNGkuSxYIyYx8HnGfQ$7N8eM+8XjqqvFGShrfmbKXSJREscYAq6gK/fPJ1A47U"  # noqa: E501
SECRET = "c2VjcmV0LXNlY3JldA=="  # noqa: S105
KEY = DkimKey("mx1-202611e", "mx1", "v=DKIM1; k=ed25519; p=AAAA")
SPEC = {
    "hosts": ["mx1"],
    "dns": "memory",
    "accounts": {"taro": {"password_hash": HASH}},
    "aliases": {"postmaster": ["taro"], "abuse": ["taro"]},
}
PROVIDER = {"driver": "rfc2136", "server": "198.18.0.1", "key_name": "k", "key_secret": SECRET}
MX = Slot(ZONE, "MX")


class Desk:
    """A terminal, an inventory and a provider."""

    def __init__(self, path: Path) -> None:
        self.driver = Memory(zone())
        self.path = path
        self.facts = path / "facts.json"
        known.write(self.facts, Known({ZONE: [KEY]}))

    @property
    def inventory(self) -> Inventory:
        return load(
            {"mail_domains": {ZONE: SPEC}, "dns_providers": {"memory": PROVIDER}},
            {"mx1": {"mail_hostname": f"mx1.{ZONE}", "mail_ipv4": "198.18.0.21"}},
        )

    def run(self, *words: str, keys: bool = True, answer: str | None = None) -> Result:
        options = ["-i", str(self.path), *(["--facts", str(self.facts)] if keys else [])]
        verb, *rest = words
        done = CliRunner().invoke(app, ["dns", verb, *options, *rest], input=answer)
        assert SECRET not in done.output + str(done.exception)
        assert HASH[-20:] not in done.output
        return done


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path)
    for module in (cli, cli_check):
        monkeypatch.setattr(module, "load", lambda *_: made.inventory)
    monkeypatch.setattr(cli, "drivers", lambda _: {"memory": made.driver})
    monkeypatch.setattr(carry, "wait", lambda *_: ["ns1.test (198.18.0.1)"])
    return made


def test_the_status_says_whether_there_is_anything_to_do(desk: Desk) -> None:
    assert desk.run("plan").exit_code == 2
    assert desk.driver.updates == 0
    assert desk.run("apply", "--yes").exit_code == 0
    assert desk.driver.read(ZONE).values(MX) == (f"10 mx1.{ZONE}.",)
    done = desk.run("plan")
    assert done.exit_code == 0
    assert done.stdout.endswith("Nothing to do: 1 zone is as the inventory wants\n")


def test_a_plan_shows_every_record_whole_and_plainly(desk: Desk) -> None:
    lines = desk.run("plan").stdout.splitlines()
    assert f'  + mx1-202611e._domainkey.{ZONE}. 3600 TXT "{KEY.txt}"' in lines
    assert f"  + {ZONE}. 3600 MX 10 mx1.{ZONE}." in lines
    assert "\x1b" not in "".join(lines)


def test_what_was_saved_is_applied_and_only_once(desk: Desk) -> None:
    file = str(desk.path / "plan")
    assert desk.run("plan", "--out", file).exit_code == 2
    assert SECRET not in Path(file).read_text()
    assert desk.run("apply", file).exit_code == 0
    done = desk.run("apply", file)
    assert done.exit_code == 1
    assert "nothing was changed" in done.stderr


def test_a_plan_that_was_overtaken_is_refused(desk: Desk) -> None:
    file = str(desk.path / "plan")
    desk.run("plan", "--out", file)
    desk.driver.zones[ZONE] = zone(("@", "MX", "5 other.test."))
    done = desk.run("apply", file)
    assert done.exit_code == 1
    assert "not what the plan was made for" in done.stderr
    assert desk.driver.updates == 0


def test_apply_asks_and_no_is_no(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    done = desk.run("apply")
    assert done.exit_code == 1
    assert "--yes" in done.stderr
    monkeypatch.setattr(cli, "_agreed", lambda: False)
    assert desk.run("apply").exit_code == 2
    assert desk.driver.updates == 0
    monkeypatch.setattr(cli, "_agreed", lambda: True)
    assert desk.run("apply").exit_code == 0
    assert desk.driver.updates == 2


def test_a_clash_is_an_error_until_it_is_adopted_by_name(desk: Desk) -> None:
    desk.driver.zones[ZONE] = zone(("_dmarc", "TXT", txt("v=DMARC1; p=none")))
    for words in (["plan"], ["apply", "--yes"]):
        done = desk.run(*words)
        assert done.exit_code == 1
        assert f"_dmarc.{ZONE} TXT: it is not ours" in done.stdout
    assert desk.driver.updates == 0
    assert desk.run("apply", "--yes", "--adopt", f"_DMARC.{ZONE}.").exit_code == 0
    assert "p=reject" in desk.driver.read(ZONE).values(Slot(f"_dmarc.{ZONE}", "TXT"))[0]


def test_a_guard_stops_a_saved_plan_too(desk: Desk) -> None:
    desk.run("apply", "--yes")
    file, mx = str(desk.path / "plan"), f"20 mx2.{ZONE}."
    slots = desk.driver.read(ZONE)
    grown = zone(("@", "MX", f"10 mx1.{ZONE}."), ("@", "MX", mx)).sets[MX]
    desk.driver.zones[ZONE] = type(slots)(ZONE, {**slots.sets, MX: grown})
    assert desk.run("plan", "--out", file).exit_code == 2
    done = desk.run("apply", file, "--max-deletions", "0")
    assert done.exit_code == 1
    assert "max_deletions: 1" in done.stdout
    assert desk.run("apply", file).exit_code == 0


def test_without_the_hosts_no_key_is_deleted(desk: Desk) -> None:
    desk.run("apply", "--yes")
    before = desk.driver.read(ZONE)
    assert desk.run("plan", keys=False).exit_code == 0
    assert desk.run("apply", "--yes", keys=False).exit_code == 0
    assert desk.driver.read(ZONE) == before


def test_json_says_all_of_it(desk: Desk) -> None:
    data = json.loads(desk.run("plan", "--format", "json").stdout)
    assert data["changed"] is True
    assert [stage["phase"] for stage in data["stages"]] == ["announce", "cutover"]
    slots = [(c["name"], c["type"]) for c in data["stages"][1]["zones"][0]["changes"]]
    assert (ZONE, "MX") in slots
    assert (f"_postwright.{ZONE}", "TXT") in slots


def test_export_is_a_zone_file_of_what_should_be_there(desk: Desk) -> None:
    text = desk.run("export").stdout
    assert text.startswith(f"$ORIGIN {ZONE}.\n")
    assert f"{ZONE}. 3600 IN MX 10 mx1.{ZONE}.\n" in text
    assert f"mx1.{ZONE}. 300 IN A 198.18.0.21\n" in text
    parsed = dns.zone.from_text(text, origin=ZONE, relativize=False, check_origin=False)
    key = parsed.get_rdataset(dns.name.from_text(f"mx1-202611e._domainkey.{ZONE}"), "TXT")
    assert key is not None
    assert key.ttl == 3600
    assert decode(key[0].to_text()).decode() == KEY.txt
    desk.run("apply", "--yes")
    assert desk.run("export", keys=False).stdout == text
    done = desk.run("export", "--out", str(desk.path / "zones"))
    assert done.exit_code == 0
    assert (desk.path / "zones" / f"{ZONE}.zone").read_text() == text.partition("\n\n")[0]


def test_an_error_is_told_with_its_mend(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> str:
        raise CredentialError("dns_providers.memory.key_secret was refused", "copy the key")

    monkeypatch.setattr(desk.driver, "find_zone", refuse)
    done = desk.run("plan", "--format", "markdown")
    assert done.exit_code == 1
    assert "mend: copy the key" in done.stderr


@pytest.mark.parametrize("words", [["plan", "--nope"], ["apply", "--max-deletions", "x"], ["gone"]])
def test_a_mistyped_command_is_no_drift(desk: Desk, words: list[str]) -> None:
    assert desk.run(*words).exit_code == 1


def test_a_broken_inventory_is_an_error(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Inventory:
        raise InventoryError([])

    monkeypatch.setattr(cli, "load", broken)
    assert desk.run("plan").exit_code == 1
    monkeypatch.setattr(cli, "load", edge.load)
    (desk.path / "hosts.yml").write_text("all: {hosts: {}}\n")
    assert desk.run("plan").exit_code == 1


@pytest.mark.parametrize(
    ("ids", "plain", "strict"),
    [
        ([], 0, 0),
        (["dnssec.absent"], 0, 0),
        (["blocklist.unusable"], 0, 2),
        (["record.missing", "dnssec.absent"], 2, 2),
    ],
)
def test_check_says_by_its_status_how_bad_it_is(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, ids: list[str], plain: int, strict: int
) -> None:
    found = [Finding(each, "it", "this", "do that") for each in ids]
    monkeypatch.setattr(cli_check, "look_at", lambda *_: found)
    assert desk.run("check").exit_code == plain
    assert desk.run("check", "--strict").exit_code == strict
    data = json.loads(desk.run("check", "--format", "json").stdout)
    assert [each["id"] for each in data["findings"]] == ids
    assert all(each in desk.run("check", "-f", "markdown").stdout for each in ids)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"postwright_facts": 2, "dkim": {}}'])
def test_a_file_of_facts_that_is_none_is_refused(desk: Desk, text: str) -> None:
    desk.facts.write_text(text)
    done = desk.run("plan")
    assert done.exit_code == 1
    assert "facts.json" in done.stderr
