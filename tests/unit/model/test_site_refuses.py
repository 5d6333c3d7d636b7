"""site.yml with a bad inventory: it stops at once, says why, and no host is contacted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from model_samples import GONE, spoilt

ROOT = Path(__file__).parents[3]
A = "mail_domains/alpha.test"
TARO = {"password_hash": "hunter2"}
CASES = {
    "unknown key": ((f"{A}/acounts", {}), "mail_domains.alpha.test.acounts", "'accounts'"),
    "domain without a provider": ((f"{A}/dns", GONE), "mail_domains.alpha.test.dns", "missing"),
    "domain without a host": ((f"{A}/hosts", []), "mail_domains.alpha.test.hosts", "at least"),
    "address claimed twice": (
        (f"{A}/aliases/taro", ["jiro"]),
        "mail_domains.alpha.test.aliases.taro",
        "already claimed",
    ),
    "alias to nowhere": (
        (f"{A}/aliases/team", ["tarou"]),
        "mail_domains.alpha.test.aliases.team",
        "taro@alpha.test?",
    ),
    "alias in a loop": (
        (f"{A}/aliases/postmaster", ["abuse"]),
        "mail_domains.alpha.test.aliases.postmaster",
        "back to itself",
    ),
    "password in clear": (
        (f"{A}/accounts/taro", TARO),
        "mail_domains.alpha.test.accounts.taro.password_hash",
        "postwright password",
    ),
    "no postmaster": (
        (f"{A}/aliases/postmaster", GONE),
        "mail_domains.alpha.test.aliases",
        "RFC 2142",
    ),
    "invalid host name": (
        ("mail_hosts/mx1/mail_hostname", "mx_1.alpha.test"),
        "mail_hosts.mx1.mail_hostname",
        "RFC 1123",
    ),
}


@pytest.mark.parametrize(("edit", "key", "said"), CASES.values(), ids=CASES.keys())
def test_site_stops_before_any_host_is_contacted(
    tmp_path: Path, edit: tuple[str, object], key: str, said: str
) -> None:
    variables, hosts = spoilt(edit)
    for host in hosts.values():
        # Whoever contacts a host by this plugin fails loudly, by its name.
        host["ansible_connection"] = "nobody_may_connect"
    inventory = {"all": {"vars": variables}, "mail_hosts": {"hosts": hosts}}
    (tmp_path / "hosts.yml").write_text(
        yaml.safe_dump(inventory, sort_keys=False), encoding="utf-8"
    )
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", "-i", tmp_path, "site.yml"],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode != 0
    assert "hosts.yml:" in output
    assert key in output
    assert said in output
    assert "No host was contacted" in output
    assert "nobody_may_connect" not in output
    assert "hunter2" not in output
