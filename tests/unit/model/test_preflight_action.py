"""The actions as an operator meets them: ansible-playbook on inventories on disk."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from model_samples import GOOD, HASH

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
# A connection plugin that does not exist: whatever contacts a host fails loudly, by this name.
HOSTS = """\
mail_hosts:
  hosts:
    mx1:
      ansible_connection: nobody_may_connect
      mail_hostname: mx1.alpha.test
      mail_ipv4: 198.18.0.11
    mx2:
      ansible_connection: nobody_may_connect
      mail_hostname: mx2.gamma.test
      mail_ipv4: "{{ addresses.mx2 }}"
"""
PREFLIGHT = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - name: The inventory is judged
      postwright.mail.preflight:
"""
MODEL = """\
- hosts: mail_hosts
  gather_facts: false
  vars:
    mail: "{{ ansible_facts.mail }}"
  tasks:
    - name: The host is described
      postwright.mail.model:
- hosts: mail_hosts
  gather_facts: false
  vars:
    mail: "{{ ansible_facts.mail }}"
  tasks:
    - name: A later play uses it
      ansible.builtin.debug:
        msg: "{{ mail.host.hostname }} has {{ mail.mailboxes | length }} mailboxes"
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a directory with a good inventory and two playbooks."""
    variables = tmp_path / "inventory" / "group_vars" / "all"
    variables.mkdir(parents=True)
    (tmp_path / "inventory" / "hosts.yml").write_text(HOSTS, encoding="utf-8")
    good = GOOD.replace("HASH", "{{ vault_hash }}").lstrip()
    (variables / "mail.yml").write_text(good, encoding="utf-8")
    vault = f'vault_hash: "{HASH}"\n'
    (variables / "vault.yml").write_text(vault, encoding="utf-8")
    addresses = "addresses: \"{{ lookup('file', inventory_dir ~ '/../a.json') | from_json }}\"\n"
    (variables / "addresses.yml").write_text(addresses, encoding="utf-8")
    facts = json.dumps({"mx2": "198.18.0.12"})
    (tmp_path / "a.json").write_text(facts, encoding="utf-8")
    (tmp_path / "preflight.yml").write_text(PREFLIGHT, encoding="utf-8")
    (tmp_path / "model.yml").write_text(MODEL, encoding="utf-8")
    shutil.copy(ROOT / "ansible.cfg", tmp_path)
    return tmp_path


def play(site: Path, *arguments: str) -> tuple[int, str]:
    """Run ansible-playbook there; return its exit status and all it printed."""
    done = subprocess.run(
        [str(BIN / "ansible-playbook"), "-i", "inventory", *arguments],
        cwd=site,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": str(site / ".ansible")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def spoil(site: Path, name: str, old: str, new: str) -> None:
    """Replace text in one file of the inventory; the text must be there."""
    path = site / "inventory" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def line_of(site: Path, name: str, text: str) -> int:
    """Return the number of the first line of a file that has the text."""
    lines = (site / "inventory" / name).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


MAIL = "group_vars/all/mail.yml"


def test_a_good_inventory_passes_and_nobody_is_contacted(site: Path) -> None:
    code, output = play(site, "preflight.yml", "-v")
    assert code == 0, output
    assert "alpha.test" in output
    assert "nobody_may_connect" not in output


def test_bad_values_are_named_with_file_and_line_and_nobody_is_contacted(site: Path) -> None:
    spoil(site, MAIL, "dns: lab", "dns: labb")
    spoil(site, MAIL, "team:", "tea m:")
    spoil(site, MAIL, "catch_all:", "catchall:")
    spoil(site, "hosts.yml", "mx1.alpha.test", "mx1_a.alpha.test")
    spoil(site, "../a.json", "198.18.0.12", "10.0.0.1")
    code, output = play(site, "preflight.yml")
    assert code != 0
    for name, text, key, mend in [
        (MAIL, "labb", "mail_domains.alpha.test.dns", "did you mean 'lab'?"),
        (MAIL, "tea m", "mail_domains.alpha.test.aliases.tea m", "choose a name"),
        (MAIL, "catchall", "mail_domains.beta.test.catchall", "did you mean 'catch_all'?"),
        ("hosts.yml", "mx1_a", "mail_hosts.mx1.mail_hostname", "mx1.example.org"),
        ("hosts.yml", "addresses.mx2", "mail_hosts.mx2.mail_ipv4", "public IPv4"),
    ]:
        assert f"inventory/{name}:{line_of(site, name, text)}  {key}" in output
        assert mend in output
    assert '"10.0.0.1"' in output
    assert "5 problems" in output
    assert "nobody_may_connect" not in output


def test_no_secret_is_printed_however_verbose(site: Path) -> None:
    spoil(site, "group_vars/all/vault.yml", HASH, "hunter2")
    spoil(site, MAIL, "key_secret: c2VjcmV0", "key_secret: swordfish!")
    spoil(site, MAIL, "quota: 5G", "password: sesame")
    code, output = play(site, "preflight.yml", "-vvvv")
    assert code != 0
    assert "inventory/group_vars/all/vault.yml:1  mail_domains.alpha.test.accounts.taro" in output
    assert not [word for word in ("hunter2", "swordfish", "sesame") if word in output]


def test_a_template_that_cannot_be_rendered_is_one_problem_among_others(site: Path) -> None:
    spoil(site, MAIL, "{{ vault_hash }}", "{{ vault_tarou }}")
    spoil(site, MAIL, "dns: lab", "dns: labb")
    code, output = play(site, "preflight.yml")
    assert code != 0
    assert "'vault_tarou' is undefined" in output
    assert "did you mean 'lab'?" in output


def test_a_vault_works_and_is_asked_for_by_name(site: Path) -> None:
    (site / "password").write_text("open sesame\n", encoding="utf-8")
    vault = site / "inventory" / "group_vars" / "all" / "vault.yml"
    command = [BIN / "ansible-vault", "encrypt_string", "--vault-password-file", "password", HASH]
    done = subprocess.run(
        [str(part) for part in command], cwd=site, capture_output=True, text=True, check=True
    )
    vault.write_text(f"vault_hash: {done.stdout}", encoding="utf-8")
    code, output = play(site, "preflight.yml", "--vault-password-file", "password")
    assert code == 0, output
    code, output = play(site, "preflight.yml")
    assert code != 0
    assert "accounts.taro.password_hash" in output
    assert "give the vault's password" in output


def test_no_mail_host_is_one_clear_problem(site: Path) -> None:
    (site / "inventory" / "hosts.yml").write_text("all: {hosts: {}}\n", encoding="utf-8")
    code, output = play(site, "preflight.yml")
    assert code != 0
    assert "the group mail_hosts has no host" in output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rebuild=mx3"], "mx3 is no host of the group mail_hosts"),
        (["without_backup=mx1, mx2"], "name some of mx1, mx2, without blanks"),
        (["rebuild=mx1"], "-e rebuild=mx1 -e without_backup=mx1"),
        (["rebuild=true"], "there is no backup to bring a host back from"),
    ],
)
def test_a_rebuild_of_what_cannot_be_brought_back_is_refused(
    words: list[str], said: str, site: Path
) -> None:
    code, output = play(site, "preflight.yml", *(each for word in words for each in ("-e", word)))
    assert code != 0
    assert said in output


def test_a_rebuild_may_begin_with_nothing_where_that_is_said(site: Path) -> None:
    words = ("-e", "rebuild=mx1", "-e", "without_backup=mx1")
    code, output = play(site, "preflight.yml", *words)
    assert code == 0, output


def test_a_global_variable_of_one_host_is_refused(site: Path) -> None:
    spoil(site, "hosts.yml", "mail_hostname", "mail_owner: me\n      mail_hostname")
    code, output = play(site, "preflight.yml")
    assert code != 0
    assert "move it to group_vars/all" in output


def test_the_model_serves_later_plays_and_shows_no_hash(site: Path) -> None:
    # Ansible loads the connection plugin before any action; it connects only when one asks it to.
    for host in ("mx1", "mx2"):
        hosts = f"{host}:\n      ansible_connection: nobody_may_connect"
        spoil(site, "hosts.yml", hosts, f"{host}:\n      ansible_host: nobody.invalid")
    code, output = play(site, "model.yml", "-vvvv")
    assert code == 0, output
    assert "mx1.alpha.test has 6 mailboxes" in output
    assert "mx2.gamma.test has 1 mailboxes" in output
    assert HASH[:20] not in output
    assert HASH[-30:] not in output


@pytest.mark.parametrize("name", ["example", "lab"])
def test_the_inventories_of_the_tree(name: str, site: Path) -> None:
    """The lab's is in order without a lab; the example lacks only what must be replaced."""
    shutil.rmtree(site / "inventory")
    shutil.copytree(ROOT / "inventory" / name, site / "inventory")
    if name == "lab":
        hosts = HOSTS.replace("{{ addresses.mx2 }}", "198.18.0.12")
        (site / "inventory" / "hosts.yml").write_text(hosts, encoding="utf-8")
    code, output = play(site, "preflight.yml")
    if name == "lab":
        assert code == 0, output
    else:
        assert "2 problems" in output
        assert output.count("is an address for documentation") >= 2
