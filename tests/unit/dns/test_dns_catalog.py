"""The page of all records is current and leaves none out."""

from __future__ import annotations

from pathlib import Path

from postwright.dns.catalog import CATALOG, records_markdown
from postwright.dns.claims import Kind
from postwright.model.host_spec import HostRecords
from postwright.model.schema import DomainRecords

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "records.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == records_markdown(), "run scripts/reference"


def test_every_kind_is_listed_with_its_source() -> None:
    assert {entry.kind for entry in CATALOG} == set(Kind)
    assert all("RFC" in entry.source or "draft-" in entry.source for entry in CATALOG)


def test_every_switch_is_a_key_of_the_inventory_and_turns_something_off() -> None:
    keys = {f"records.{key}" for key in DomainRecords.model_fields}
    keys |= {f"mail_records.{key}" for key in HostRecords.model_fields}
    assert {entry.switch for entry in CATALOG} == keys
