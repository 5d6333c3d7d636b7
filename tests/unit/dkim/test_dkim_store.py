"""A DKIM key signs when everybody can find it, and is gone when nothing is signed with it."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from postwright.dkim import store as module
from postwright.dkim.store import DAY, LINGER, MARGIN, Signer, Store, noted, remove, sweep, write

NOW = 1_800_000_000.0
DOMAIN = "alpha.test"
OLD, NEW = "mx1-202605r-aaaa", "mx1-202611r-bbbb"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the store sees."""
    found = [NOW]
    monkeypatch.setattr(module.time, "time", lambda: found[0])
    return found


@pytest.fixture
def store(tmp_path: Path, clock: list[float]) -> Store:
    """A host's keys: one, of half a year ago, that signs."""
    signer = Signer([tmp_path / "signing.conf"], tmp_path / "loaded.json")
    found = Store(tmp_path / "dkim", "mx1", signer)
    make(found, OLD, NOW - 200 * DAY)
    loads(found, OLD, NOW - 200 * DAY)
    return found


def make(store: Store, selector: str, made: float, waits: bool = False) -> None:
    folder = store.root / DOMAIN
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{selector}.txt").write_text("v=DKIM1; p=...\n", encoding="ascii")
    if waits:
        write(folder / f"{selector}.waits", None, 0)
    key = folder / f"{selector}.key"
    key.touch()
    os.utime(key, (made, made))


def loads(store: Store, selector: str, when: float) -> None:
    """Have Rspamd load a configuration that signs with a key."""
    (file,) = store.signer.files
    file.write_text(f'selector = "{selector}";', encoding="ascii")
    record = {str(file): hashlib.sha256(file.read_bytes()).hexdigest()}
    store.signer.loaded.write_text(json.dumps(record), encoding="ascii")
    os.utime(store.signer.loaded, (when, when))


def uses(store: Store) -> dict[str, str]:
    """Return what each key that DNS is to know is for."""
    return {
        str(key["selector"]): "waits" if key["waits"] else "signs" if key["signs"] else "old"
        for key in store.described(DOMAIN)
    }


def note(store: Store, *selectors: str, ttl: int = 3600) -> None:
    for key in store.waiting(DOMAIN):
        seen = noted(key, selectors, ttl)
        write(key.record, seen.since, seen.ttl)


def test_a_new_key_is_published_and_does_not_sign(store: Store) -> None:
    make(store, NEW, NOW, waits=True)
    assert uses(store) == {OLD: "signs", NEW: "waits"}
    (key,) = store.waiting(DOMAIN)
    assert not key.is_over()
    assert "playbooks/rotate.yml publishes it" in str(key)


def test_it_may_sign_when_its_absence_is_forgotten(store: Store, clock: list[float]) -> None:
    make(store, NEW, NOW, waits=True)
    note(store, OLD)
    assert store.waiting(DOMAIN)[0].due is None
    note(store, NEW)
    clock[0] += 60
    note(store, NEW)
    clock[0] = NOW + 3600 + MARGIN - 1
    assert not store.waiting(DOMAIN)[0].is_over()
    clock[0] += 1
    assert store.waiting(DOMAIN)[0].is_over()


def test_a_longer_negative_ttl_that_was_seen_counts_on(store: Store, clock: list[float]) -> None:
    make(store, NEW, NOW, waits=True)
    note(store, NEW, ttl=DAY)
    note(store, NEW)
    clock[0] += DAY
    assert not store.waiting(DOMAIN)[0].is_over()


def test_a_record_that_goes_away_starts_the_wait_anew(store: Store, clock: list[float]) -> None:
    make(store, NEW, NOW, waits=True)
    note(store, NEW)
    clock[0] += DAY
    note(store)
    assert store.waiting(DOMAIN)[0].due is None


def test_the_old_key_stays_known_until_rspamd_runs_without_it(store: Store) -> None:
    make(store, NEW, NOW)
    assert uses(store) == {OLD: "old", NEW: "signs"}
    # Written, and not loaded yet.
    (file,) = store.signer.files
    file.write_text(f'selector = "{NEW}";', encoding="ascii")
    assert uses(store) == {OLD: "old", NEW: "signs"}
    loads(store, NEW, NOW)
    assert uses(store) == {NEW: "signs"}


def test_workers_of_before_end_what_they_are_at(store: Store, clock: list[float]) -> None:
    make(store, NEW, NOW)
    loads(store, NEW, NOW)
    assert store.signer.settles() == LINGER
    clock[0] += LINGER
    assert store.signer.settles() == 0


def test_a_rollover_begins_by_age_and_not_while_one_is_under_way(
    store: Store, clock: list[float]
) -> None:
    assert store.may_begin(DOMAIN, "r", 180)
    assert not store.may_begin(DOMAIN, "r", 201)
    make(store, NEW, NOW, waits=True)
    assert not store.may_begin(DOMAIN, "r", 0)
    store.waiting(DOMAIN)[0].record.unlink()
    assert not store.may_begin(DOMAIN, "r", 0)
    (old,) = store.old(DOMAIN)
    remove(old)
    assert store.may_begin(DOMAIN, "r", 0)


def test_half_a_key_of_a_killed_run_is_swept_away(store: Store) -> None:
    make(store, NEW, NOW, waits=True)
    folder = store.root / DOMAIN
    (folder / f"{NEW}.key").unlink()
    sweep(folder)
    assert {path.name for path in folder.iterdir()} == {f"{OLD}.key", f"{OLD}.txt"}


def test_keys_of_other_hosts_and_algorithms_are_none_of_it(store: Store) -> None:
    make(store, "mx2-202611r-cccc", NOW)
    make(store, "mx1-202611e-dddd", NOW)
    assert uses(store) == {OLD: "signs", "mx1-202611e-dddd": "signs"}
