"""`postwright backup`: a repository from elsewhere, by a restic that notes what it is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from postwright.backup import cli
from postwright.cli import app
from postwright.model import load
from postwright.model.backups import host_password

VARIABLES = """
mail_domains:
  example.test: {hosts: [mx1], dns: hand, aliases: {postmaster: [a@b.test], abuse: [a@b.test]}}
dns_providers: {hand: {driver: manual}}
mail_backup:
  repository: s3:https://s3.example.test/mail
  password: correct horse battery staple
  credentials: {AWS_ACCESS_KEY_ID: of-hosts, AWS_SECRET_ACCESS_KEY: hidden}
  append_only: true
  keep: {hourly: 5, daily: 0, weekly: 0, monthly: 0}
"""
RESTIC = """#!/bin/sh
echo "$* $RESTIC_REPOSITORY $AWS_ACCESS_KEY_ID $RESTIC_PASSWORD" >>FOLDER/asked
case "$1" in snapshots) echo "$SNAPSHOTS";; esac
"""


@pytest.fixture
def restic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A restic that notes what it is asked, and an inventory whose host it is asked of."""
    variables = yaml.safe_load(VARIABLES)
    variables["mail_domains"]["example.test"]["forwards"] = {
        name: variables["mail_domains"]["example.test"]["aliases"].pop(name)
        for name in ("postmaster", "abuse")
    }
    hosts = {"mx1": {"mail_hostname": "mx1.example.test", "mail_ipv4": "198.18.0.11"}}
    model = load(variables, hosts)
    monkeypatch.setattr(cli, "load", lambda *_, **__: model)
    program = tmp_path / "restic"
    program.write_text(RESTIC.replace("FOLDER", str(tmp_path)), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("SNAPSHOTS", "[]")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    assert model.backup is not None
    (tmp_path / "password").write_text(
        host_password(model.backup.password, "mx1"), encoding="utf-8"
    )
    return tmp_path


def asked(folder: Path) -> list[str]:
    """Return what restic was asked, without the password, which every time was the host's own."""
    lines = (folder / "asked").read_text(encoding="utf-8").splitlines()
    password = (folder / "password").read_text(encoding="utf-8")
    assert all(line.endswith(f" {password}") for line in lines)
    return [line.removesuffix(f" {password}") for line in lines]


def run(folder: Path, *words: str) -> tuple[int, str]:
    """Return status and output of the command on the host mx1."""
    done = CliRunner().invoke(app, ["backup", *words, "-i", str(folder)])
    return done.exit_code, done.output


def test_prune_takes_my_credential_and_what_the_inventory_keeps(restic: Path) -> None:
    code, said = run(restic, "prune", "mx1")
    assert code == 0, said
    place = "s3:https://s3.example.test/mail/mx1 mine"
    assert asked(restic) == [
        f"snapshots --json --no-lock {place}",
        f"unlock {place}",
        f"forget --prune --host mx1 --group-by host --keep-tag kept --keep-hourly 5 {place}",
    ]


def test_prune_sees_the_repository_where_it_is_told_to(restic: Path) -> None:
    assert run(restic, "prune", "mx1", "--repository", "/srv/here")[0] == 0
    assert asked(restic)[0] == "snapshots --json --no-lock /srv/here mine"


def test_prune_refuses_where_a_snapshot_is_from_the_future(
    restic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = [{"short_id": "f0f0f0f0", "time": "2099-01-01T00:00:00Z"}]
    monkeypatch.setenv("SNAPSHOTS", json.dumps(forged))
    code, said = run(restic, "prune", "mx1")
    assert code == 1
    assert "f0f0f0f0" in said
    assert "was mx1 taken over?" in said
    assert [line.split()[0] for line in asked(restic)] == ["snapshots"]


def test_a_host_that_is_not_known_is_told_with_those_that_are(restic: Path) -> None:
    code, said = run(restic, "prune", "mx9")
    assert code == 1
    assert "known here: mx1" in said
