"""`postwright password`: it prints what the inventory takes, and keeps the password out."""

from __future__ import annotations

import argon2
import pytest
from typer.testing import CliRunner

from postwright.cli import app
from postwright.model.hashes import normal_hash
from postwright.password import place

LONG = "correct horse battery"


def test_a_password_that_is_typed_twice_becomes_a_hash_that_the_inventory_takes() -> None:
    done = CliRunner().invoke(app, ["password", "taro@example.org"], input=f"{LONG}\n{LONG}\n")
    assert done.exit_code == 0
    written = done.stdout.strip()
    assert normal_hash(written) == (written, "")
    assert "$m=19456,t=2,p=1$" in written
    assert argon2.PasswordHasher().verify(written.removeprefix("{ARGON2ID}"), LONG)
    assert LONG not in done.output


def test_a_generated_password_is_shown_beside_its_hash_and_is_new_each_time() -> None:
    seen = set()
    for _ in range(2):
        done = CliRunner().invoke(app, ["password", "--generate"])
        clear = done.stderr.splitlines()[0].rpartition(" ")[2]
        assert argon2.PasswordHasher().verify(done.stdout.strip().removeprefix("{ARGON2ID}"), clear)
        seen.add(clear)
    assert len(seen) == 2
    assert {len(clear) for clear in seen} == {24}


@pytest.mark.parametrize("typed", ["short\nshort\n", f"{LONG}\nanother one\n"])
def test_a_short_password_and_one_that_is_mistyped_give_no_hash(typed: str) -> None:
    done = CliRunner().invoke(app, ["password"], input=typed)
    assert done.exit_code == 1
    assert "ARGON2ID" not in done.output


def test_the_operator_is_told_where_the_hash_goes() -> None:
    assert 'vault_taro_yamada_example_org: "{ARGON2ID}..."' in place("taro.yamada@example.org")
    assert 'taro.yamada: {password_hash: "{{ vault_taro_yamada_example_org }}"}' in place(
        "taro.yamada@example.org"
    )
