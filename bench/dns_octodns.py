"""octoDNS with the same zones: a source of its own kind, so that it has no files to read."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

import octodns_cloudflare
import yaml
from octodns.manager import Manager
from octodns.record import Record
from octodns.record.rr import Rr
from octodns.source.base import BaseSource
from octodns.zone import Zone

from bench.dns_zones import wants
from postwright.dns.planner import ttl

WORKERS = 8
"""As many threads as Postwright has for a credential."""


class Wanted(BaseSource):
    """The zones' records, in octoDNS's own classes."""

    SUPPORTS_GEO = False
    SUPPORTS_DYNAMIC = False
    SUPPORTS = frozenset({"A", "AAAA", "MX", "SRV", "TLSA", "TXT"})

    def __init__(self, id: str) -> None:  # noqa: A002 - octoDNS's word
        self.log = logging.getLogger(f"Wanted[{id}]")
        super().__init__(id)

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:
        """Add the records of a zone."""
        rows = [
            Rr(f"{want.claim.name}.", want.claim.slot.type, ttl(want.claim.slot.type), value)
            for want in wants(zone.name.rstrip("."))
            for value in want.values
        ]
        for record in Record.from_rrs(zone, rows, lenient=lenient):
            zone.add_record(record, lenient=lenient)
        return True


def sync(zones: list[str], target: dict[str, Any], wait: Any = None) -> None:
    """Have octoDNS bring the target to what is wanted; `wait` stands in for its sleep."""
    if wait:
        octodns_cloudflare.sleep = wait
    logging.disable(logging.WARNING)
    config = {
        "manager": {"max_workers": WORKERS, "plan_outputs": {}, "enable_checksum": False},
        "providers": {"wanted": {"class": "bench.dns_octodns.Wanted"}, "target": target},
        "zones": {f"{zone}.": {"sources": ["wanted"], "targets": ["target"]} for zone in zones},
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.yaml"
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        Manager(str(file)).sync(dry_run=False, force=True)
