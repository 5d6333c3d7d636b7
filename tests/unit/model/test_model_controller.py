"""The inventory read without a playbook; without the vault where no secret is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultSecretsContext
from ansible.utils.collection_loader import AnsibleCollectionConfig
from model_samples import GOOD, HASH, HOSTS, good

from postwright.model import Inventory, InventoryError, load
from postwright.model.controller import UnreadableError, Vault, load_inventory
from postwright.model.findings import Unrendered

BIN = Path(sys.executable).parent
SECRETS = f'vault_hash: "{HASH}"\nvault_tsig: c2VjcmV0\n'


@pytest.fixture(autouse=True)
def _as_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible keeps the vault's secrets and its plugins' finder once a process."""
    monkeypatch.setattr(VaultSecretsContext, "_current", None)
    monkeypatch.setattr(AnsibleCollectionConfig, "_collection_finder", None)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return an inventory whose secrets stand in a file that is encrypted as a whole."""
    variables = tmp_path / "inventory" / "group_vars" / "all"
    variables.mkdir(parents=True)
    hosts = "".join(f"    {line}\n" for line in HOSTS.strip().splitlines())
    (tmp_path / "inventory" / "hosts.yml").write_text(f"mail_hosts:\n  hosts:\n{hosts}")
    text = GOOD.replace("HASH", "{{ vault_hash }}").replace("c2VjcmV0", '"{{ vault_tsig }}"')
    (variables / "mail.yml").write_text(text)
    (variables / "vault.yml").write_text(SECRETS)
    (tmp_path / "password").write_text("open sesame\n")
    words = ["encrypt", "--vault-password-file", tmp_path / "password", variables / "vault.yml"]
    subprocess.run([BIN / "ansible-vault", *words], check=True, capture_output=True)
    return tmp_path / "inventory"


def _tsig(inventory: Inventory) -> str:
    return inventory.providers["lab"].key_secret.get_secret_value()


def test_it_is_what_a_playbook_sees(source: Path) -> None:
    vault = Vault(password_files=[source.parent / "password"])
    inventory = load_inventory([source], vault)
    assert inventory == load(*good())
    assert _tsig(inventory) == "c2VjcmV0"


def test_the_vault_is_asked_for_where_secrets_are_needed(source: Path) -> None:
    with pytest.raises(UnreadableError, match="vault"):
        load_inventory([source], Vault())


def test_without_the_vault_all_but_the_secrets_is_there(source: Path) -> None:
    inventory = load_inventory([source], Vault(needed=False))
    assert _tsig(inventory) == ""
    assert inventory.domains.keys() == load(*good()).domains.keys()
    assert inventory.hosts == load(*good()).hosts


@pytest.mark.parametrize("needed", [True, False])
def test_a_password_file_that_is_not_there_matters_only_to_who_needs_it(
    source: Path, needed: bool
) -> None:
    vault = Vault(password_files=[source.parent / "gone"], needed=needed)
    if not needed:
        assert _tsig(load_inventory([source], vault)) == ""
        return
    with pytest.raises(UnreadableError, match="gone"):
        load_inventory([source], vault)


@pytest.mark.parametrize("needed", [True, False])
def test_a_single_encrypted_value_is_passed_over_too(source: Path, needed: bool) -> None:
    variables = source / "group_vars" / "all" / "vault.yml"
    words = ["encrypt_string", "--vault-password-file", source.parent / "password", "c2VjcmV0"]
    done = subprocess.run(
        [BIN / "ansible-vault", *words], check=True, capture_output=True, text=True
    )
    variables.write_text(f'vault_hash: "{HASH}"\nvault_tsig: {done.stdout}')
    if not needed:
        assert _tsig(load_inventory([source], Vault(needed=False))) == ""
        return
    with pytest.raises(InventoryError, match="key_secret"):
        load_inventory([source], Vault())


def test_other_faults_are_told_without_the_vault(source: Path) -> None:
    mail = source / "group_vars" / "all" / "mail.yml"
    mail.write_text(mail.read_text().replace("198.18.0.1", '"{{ nowhere }}"'))
    with pytest.raises(InventoryError, match="'nowhere' is undefined") as caught:
        load_inventory([source], Vault(needed=False))
    assert [problem.key for problem in caught.value.problems] == ["dns_providers.lab.server"]


def test_broken_yaml_is_named_and_not_quoted(source: Path) -> None:
    (source / "group_vars" / "all" / "more.yml").write_text("vault_more: [hunter2\n")
    with pytest.raises(UnreadableError) as caught:
        load_inventory([source], Vault(needed=False))
    assert "more.yml:" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("needed", [True, False])
def test_a_wrong_secret_is_refused_always(needed: bool) -> None:
    variables, hosts = good()
    variables["dns_providers"]["lab"]["key_secret"] = "no base64!"  # noqa: S105
    with pytest.raises(InventoryError):
        load(variables, hosts, needs_secrets=needed)


def test_only_secrets_may_be_missing() -> None:
    variables, hosts = good()
    missing = Unrendered("no vault secrets found")
    variables["dns_providers"]["lab"]["key_secret"] = missing
    with pytest.raises(InventoryError):
        load(variables, hosts)
    load(variables, hosts, needs_secrets=False)
    variables["mail_domains"]["alpha.test"]["accounts"]["taro"]["quota"] = missing
    with pytest.raises(InventoryError, match="quota"):
        load(variables, hosts, needs_secrets=False)


@pytest.mark.parametrize("options", [{"api_key": 0}, {"of": {"api_key": 0}}], ids=["flat", "deep"])
def test_an_option_of_octodns_may_be_missing_only_where_it_is_not_needed(
    options: dict[str, Any],
) -> None:
    variables, hosts = good()
    holder = options.get("of", options)
    holder["api_key"] = Unrendered("no vault secrets found, of hunter2")
    variables["dns_providers"]["lab"] = {
        "driver": "octodns", "provider_class": "octodns_powerdns.PowerDnsProvider",
        "options": options,
    }  # fmt: skip
    with pytest.raises(InventoryError, match=r"dns_providers\.lab\.options") as caught:
        load(variables, hosts)
    assert "hunter2" not in str(caught.value)
    load(variables, hosts, needs_secrets=False)
