"""What else is rolled over by changing the inventory: an MTA-STS policy, a TSIG key."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drill_kill import Say
from labkit import ROOT, on, play
from policy_readers import policy_readers

LEAST = 1000
MAIL = "group_vars/all/mail.yml"


@contextmanager
def inventory_with(file: str, old: str, new: str) -> Iterator[str]:
    """Give the lab's inventory with one text in place of another; it lies as deep as the lab's."""
    folder = ROOT / ".lab" / "changed"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "inventory" / "lab", folder)
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    yield str(folder)
    shutil.rmtree(folder)


def test_who_meets_a_new_id_finds_the_new_policy(facts: dict[str, Any], say: Say) -> None:
    hosts = facts["hosts"]
    server, web = hosts["ns1"]["ipv4"], hosts["mx1"]["ipv4"]
    with policy_readers("alpha.test", "mx1.alpha.test", server, web) as readers:
        with inventory_with(MAIL, "max_age: 86400", "max_age: 604800") as changed:
            tightened = play("playbooks/tighten.yml", inventory=changed)
            assert tightened.status == 0, tightened.output[-3000:]
        new = readers.ids - {readers.first}
        readers.reaches(LEAST)
    assert play("playbooks/tighten.yml").status == 0
    say(f"    {readers.count} looks at the policy, {len(readers.wrong)} wrong")
    assert (len(new | readers.ids), readers.wrong) == (2, [])


def test_a_new_tsig_key_takes_over_in_one_run(facts: dict[str, Any], tmp_path: Path) -> None:
    old = facts["tsig"]
    conf = on("ns1", "cat", "/etc/knot/knot.conf")
    secret = on("ns1", "keymgr", "-t", "postwright-new", "hmac-sha256")
    (line,) = [each for each in secret.splitlines() if each.strip().startswith("secret:")]
    key = f"  - id: postwright-new\n    algorithm: hmac-sha256\n    {line.strip()}\nacl:\n"
    both = conf.replace("acl:\n", key, 1).replace(
        f"key: {old['name']}\n    action", f"key: [ {old['name']}, postwright-new ]\n    action"
    )
    only = both.replace(f"[ {old['name']}, postwright-new ]", "postwright-new")
    provider = {
        "driver": "rfc2136",
        "server": facts["hosts"]["ns1"]["ipv4"],
        "key_name": "postwright-new",
        "key_algorithm": "hmac-sha256",
        "key_secret": line.split(":", 1)[1].strip().strip('"'),
    }
    file = tmp_path / "providers.json"
    file.write_text(json.dumps({"dns_providers": {"lab": provider}}), encoding="utf-8")
    new = ("-e", f"@{file}")
    try:
        early = play("playbooks/dns.yml", *new)
        assert early.status != 0
        assert "mend:" in early.output
        _configure(both)
        for extra in ((), new, ()):
            run = play("playbooks/dns.yml", *extra)
            assert (run.status, run.recap()["localhost"]["changed"]) == (0, 0)
        _configure(only)
        late = play("playbooks/dns.yml")
        assert late.status != 0
        assert "mend:" in late.output
        # By the new key, a record goes and comes back.
        reports = "    tls_reports_to: dmarc@alpha.test\n    accounts:\n      taro:"
        with inventory_with(MAIL, reports, "    accounts:\n      taro:") as without:
            gone = play("playbooks/dns.yml", *new, inventory=without)
        back = play("playbooks/dns.yml", *new)
        assert [run.recap()["localhost"]["changed"] for run in (gone, back)] == [1, 1]
        said = "".join(run.output for run in (early, late, gone, back))
        assert provider["key_secret"] not in said
    finally:
        _configure(conf)
    assert play("playbooks/dns.yml").status == 0


def _configure(text: str) -> None:
    on("ns1", "sh", "-ec", f"printf %s {shlex.quote(text)} >/etc/knot/knot.conf; knotc reload")
