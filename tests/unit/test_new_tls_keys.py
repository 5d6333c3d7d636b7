"""A new TLS key is served only when every cached TLSA set can list it (RFC 7671 8.1)."""

from __future__ import annotations

import importlib
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

FILES = Path(__file__).parents[2] / "roles/certificates/files"
TTL = 3600
NOW = 1_800_000_000.0


@dataclass(eq=False)
class Certificate:
    """A mail certificate whose key and file lie in one folder."""

    folder: Path
    name: str
    serves_mail: bool = True
    given: bool = False
    units: list[str] = field(default_factory=list)

    @property
    def private_key(self) -> Path:
        return self.folder / f"{self.name}.key"

    @property
    def next_key(self) -> Path:
        return self.folder / f"{self.name}.next"

    @property
    def file(self) -> str:
        return str(self.folder / f"{self.name}.pem")

    def make_key(self, next_one: bool = False) -> None:
        file = self.next_key if next_one else self.private_key
        command("openssl", "genpkey", "-quiet", "-algorithm", "EC", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-out", str(file))  # fmt: skip

    def serve(self) -> None:
        """Have the key be served, with a certificate."""
        chain = command("openssl", "req", "-x509", "-key", str(self.private_key), "-subj", "/CN=mx")
        Path(self.file).write_text(self.private_key.read_text() + chain, encoding="utf-8")


def command(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the program sees."""
    return [NOW]


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> Any:
    monkeypatch.syspath_prepend(str(FILES))
    module = importlib.import_module("postwright_certificates.waiting")
    monkeypatch.setattr(module, "RECORD", tmp_path / "published.json")
    monkeypatch.setattr(module.time, "time", lambda: clock[0])
    return module


@pytest.fixture
def rollover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waiting: Any) -> Any:
    module = importlib.import_module("postwright_certificates.rollover")
    monkeypatch.setattr(module, "STATE", tmp_path)
    return module


@pytest.fixture
def main(tmp_path: Path) -> Certificate:
    """The first certificate of a host, served."""
    found = Certificate(tmp_path, "mx1.test")
    found.make_key()
    found.serve()
    return found


@pytest.fixture
def second(tmp_path: Path) -> Certificate:
    """Another certificate with a key of its own, not served yet."""
    found = Certificate(tmp_path, "mx1.test.rsa2048")
    found.make_key()
    return found


def test_on_a_bare_host_no_key_waits(waiting: Any, second: Certificate) -> None:
    assert waiting.waits([second]) == []


def test_a_new_key_waits_for_its_publication_and_then_for_the_ttl(
    waiting: Any, main: Certificate, clock: list[float]
) -> None:
    old = Path(main.file).read_text(encoding="utf-8")
    main.make_key()
    (wait,) = waiting.waits([main])
    assert (wait.due, wait.meanwhile.read_text()) == (None, old)
    assert "playbooks/dns.yml" in str(wait)
    waiting.saw([main], ["0" * 64], TTL)
    assert not waiting.waits([main])[0].is_over()
    assert len(waiting.saw([main], [wait.key], TTL)) == 1
    clock[0] += 60
    assert waiting.saw([main], [wait.key], TTL) == []
    clock[0] = NOW + TTL + waiting.MARGIN - 1
    assert not waiting.waits([main])[0].is_over()
    clock[0] += 1
    assert waiting.waits([main])[0].is_over()


def test_an_older_set_with_a_longer_ttl_is_waited_for(
    waiting: Any, main: Certificate, clock: list[float]
) -> None:
    main.make_key()
    waiting.saw([main], ["0" * 64], 24 * TTL)
    key = waiting.waits([main])[0].key
    waiting.saw([main], [key], TTL)
    clock[0] += 2 * TTL
    assert not waiting.waits([main])[0].is_over()


def test_a_record_that_goes_away_starts_the_wait_anew(
    waiting: Any, main: Certificate, clock: list[float]
) -> None:
    main.make_key()
    key = waiting.waits([main])[0].key
    waiting.saw([main], [key], TTL)
    waiting.saw([main], ["0" * 64], TTL)
    clock[0] += 2 * TTL
    assert not waiting.waits([main])[0].is_over()


def test_a_key_that_is_taken_back_waits_again_when_it_returns(
    waiting: Any, main: Certificate, second: Certificate, clock: list[float]
) -> None:
    (wait,) = waiting.waits([main, second])
    waiting.saw([main, second], [wait.key], TTL)
    waiting.forget([main])
    clock[0] += 2 * TTL
    assert waiting.waits([main, second])[0].due is None


def test_where_no_tlsa_set_is_nothing_is_waited_for(waiting: Any, main: Certificate) -> None:
    main.make_key()
    waiting.saw([main], [], None)
    assert waiting.waits([main])[0].is_over()


def test_a_further_certificate_is_done_without_until_its_time_comes(
    waiting: Any, main: Certificate, second: Certificate
) -> None:
    (wait,) = waiting.waits([main, second])
    assert (wait.certificate, wait.meanwhile) == (second, None)
    second.serve()
    assert waiting.waits([main, second]) == []
    second.make_key()
    assert waiting.waits([main, second])[0].meanwhile == Path(second.file)


def test_nothing_is_waited_with_where_what_is_served_is_no_certificate(
    waiting: Any, main: Certificate
) -> None:
    Path(main.file).write_text(main.private_key.read_text(encoding="utf-8"), encoding="utf-8")
    main.make_key()
    assert waiting.waits([main]) == []


def test_the_next_key_becomes_current_when_every_cached_set_lists_it(
    waiting: Any, rollover: Any, main: Certificate, clock: list[float]
) -> None:
    main.make_key(next_one=True)
    old, new = main.private_key.read_text(), main.next_key.read_text()
    (key,) = [each.key for each in waiting.upcoming([main])]
    assert rollover.begin([main], 0)[1][0].due is None
    waiting.saw([main], ["another"], TTL)
    assert waiting.unseen([main]) == [key]
    waiting.saw([main], [key], TTL)
    assert waiting.unseen([main]) == []
    clock[0] += TTL + waiting.MARGIN - 1
    did, waits = rollover.begin([main], 0)
    assert (did, [each.key for each in waits], rollover.rolling([main])) == ([], [key], [])
    assert main.private_key.read_text() == old
    clock[0] += 1
    # Asked only, nothing begins.
    assert (rollover.due([main], 0), rollover.rolling([main])) == (([main], []), [])
    assert rollover.due([main], 365) == ([], [])
    did, waits = rollover.begin([main], 0)
    assert (len(did), waits, rollover.rolling([main])) == (1, [], ["mx1.test"])
    assert (main.private_key.read_text(), main.next_key.exists()) == (new, False)
    # Published for long enough before: it is served as soon as it has a certificate.
    assert waiting.waits([main])[0].is_over()


def test_a_rollover_goes_on_until_its_key_is_served_and_no_other_begins(
    waiting: Any, rollover: Any, main: Certificate, clock: list[float]
) -> None:
    main.make_key(next_one=True)
    waiting.saw([main], [waiting.upcoming([main])[0].key], TTL)
    clock[0] += TTL + waiting.MARGIN
    rollover.begin([main], 0)
    current = main.private_key.read_text()
    main.make_key(next_one=True)
    waiting.saw([main], [waiting.upcoming([main])[0].key], TTL)
    clock[0] += TTL + waiting.MARGIN
    assert rollover.begin([main], 0) == ([], [])
    assert rollover.end([main]) == []
    main.serve()
    assert rollover.begin([main], 0) == ([], [])
    assert main.private_key.read_text() == current
    assert len(rollover.end([main])) == 1
    assert len(rollover.begin([main], 0)[0]) == 1


def test_a_run_that_was_killed_before_the_swap_is_finished(
    waiting: Any, rollover: Any, main: Certificate
) -> None:
    main.make_key(next_one=True)
    (tmp := main.folder / "mx1.test.rolling").write_text(waiting.upcoming([main])[0].key)
    new = main.next_key.read_text()
    assert len(rollover.begin([main], 0)[0]) == 1
    assert (main.private_key.read_text(), tmp.exists()) == (new, True)


def test_what_nobody_waits_for_waits_with_the_rest(
    waiting: Any, rollover: Any, main: Certificate, second: Certificate
) -> None:
    web = second
    web.serves_mail = False
    web.serve()
    for each in (main, web):
        each.make_key(next_one=True)
    did, waits = rollover.begin([main, web], 0)
    assert (did, [each.certificate for each in waits]) == ([], [main])
    waiting.saw([main, web], [], None)
    assert len(rollover.begin([main, web], 0)[0]) == 2


def test_a_key_is_not_rolled_over_before_its_age(
    waiting: Any, rollover: Any, main: Certificate, clock: list[float]
) -> None:
    main.make_key(next_one=True)
    waiting.saw([main], [waiting.upcoming([main])[0].key], TTL)
    clock[0] = main.private_key.stat().st_mtime + 364 * 86400
    assert rollover.begin([main], 365) == ([], [])


def test_a_given_certificate_is_not_rolled_over(rollover: Any, main: Certificate) -> None:
    main.make_key(next_one=True)
    main.given = True
    assert rollover.begin([main], 0) == ([], [])
