"""Which checkout gets which lab number."""

from pathlib import Path

import pytest

from postwright.lab import claims
from postwright.lab.plan import LABS

HERE, THERE = Path("/srv/here"), Path("/srv/there")


def test_the_same_checkout_gets_the_same_number() -> None:
    assert claims.choose(HERE, {}) == claims.choose(HERE, {})


def test_a_number_that_another_checkout_holds_is_passed_over() -> None:
    first = claims.choose(HERE, {})
    assert claims.choose(HERE, {first: THERE}) == (first + 1) % LABS


def test_a_claim_is_kept_though_its_first_choice_is_free_again() -> None:
    first = claims.choose(HERE, {})
    assert claims.choose(HERE, {(first + 7) % LABS: HERE}) == (first + 7) % LABS


def test_a_full_machine_is_said_to_be_full() -> None:
    with pytest.raises(ValueError, match="all 512"):
        claims.choose(HERE, dict.fromkeys(range(LABS), THERE))


def test_claims_end_with_their_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "CLAIMS", tmp_path / "claims")
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    lab = claims.claim(checkout)
    assert claims.find(checkout) == lab
    (checkout / ".lab").rmdir()
    assert claims.find(checkout) is None


def test_a_released_claim_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "CLAIMS", tmp_path / "claims")
    claims.release(claims.claim(tmp_path))
    assert claims.find(tmp_path) is None
