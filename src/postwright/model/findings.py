"""Findings: what a check says of a path in the inventory, and how it becomes a Problem."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .origin import Path, locate, step
from .problems import HIDDEN, Problem

# The keys whose value may be shown, by their parent; anything else below `accounts`, `mail_relays`
# and `dns_providers`, and any unknown key, may hold a secret that was written in the wrong place.
_SHOWN_ACCOUNT = {"quota", "send", "receive", "app_passwords_only", "limits"}
_SHOWN_PROVIDER = {
    "driver",
    "server",
    "port",
    "key_name",
    "key_algorithm",
    "provider_class",
    "zone_files",
}
_SHOWN_DOMAIN = {
    "hosts",
    "backup_mx",
    "moves_from",
    "served_by",
    "sends_through",
    "parked",
    "dns",
    "dmarc",
    "mta_sts",
    "tls_reports_to",
    "records",
    "limits",
    "aliases",
    "forwards",
    "catch_all",
}
_SHOWN_RELAY = {"profile", "port"}
_SHOWN_HOST = {
    "mail_hostname",
    "mail_ipv4",
    "mail_ipv6",
    "mail_other_names",
    "mail_other_addresses",
    "mail_relay",
    "mail_records",
    "mail_old_senders_until",
    "mail_send_tls_reports",
    "mail_antivirus",
}
_SHOWN_TOP = {
    "mail_owner",
    "mail_limits",
    "dns_resolver",
    "dns_blocklists",
    "mail_submission_starttls",
    "mail_dmarc_reports",
}
# Not `repository`, in which a credential may have been written.
_SHOWN_BACKUP = {"host_keys", "append_only", "interval_hours", "keep", "test"}
_LONGEST = 120


@dataclass(frozen=True)
class Unrendered:
    """Stands for a value whose template could not be rendered, or that could not be decrypted.

    `harmless`: the reason names no value, so it may be shown even where a secret belongs.
    """

    reason: str
    harmless: bool = False

    def told(self, path: Path) -> str:
        """Return the reason as far as it may be shown at a path."""
        if self.harmless or may_be_shown(path):
            return self.reason
        return f"the reason is {HIDDEN[1:-1]}"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong at a path; `of_key` when it is the key rather than its value."""

    path: Path
    message: str
    mend: str
    of_key: bool = False


def problem(finding: Finding, root: Mapping[str, object]) -> Problem:
    """Return the finding with its file, line and value."""
    place = locate(root, finding.path, of_key=finding.of_key)
    value = None if finding.of_key else shown(finding.path, value_at(root, finding.path))
    return Problem(
        file=place.file,
        line=place.line,
        key=dotted(finding.path),
        value=value,
        message=finding.message,
        mend=finding.mend,
    )


def dotted(path: Path) -> str:
    """Return the path as the operator would say it: a.b.c, and a.b[0] for the first of a list."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def as_written(path: Path, root: object) -> Path:
    """Return the path with a mapping's number keys as text: an int is a list's index."""
    parts: list[str | int] = []
    for part in path:
        in_list = isinstance(value_at(root, tuple(parts)), (list, tuple))
        parts.append(part if in_list else str(part))
    return tuple(parts)


def value_at(root: object, path: Path) -> object:
    """Return the value at a path, or None where there is none."""
    value = root
    for part in path:
        try:
            _, value = step(value, part)
        except KeyError:
            return None
    return value


def shown(path: Path, value: object) -> str | None:
    """Return the value as text for the operator; never a secret, never a container's content."""
    if value is None or isinstance(value, Unrendered):
        return None
    if isinstance(value, Mapping):
        return "(a mapping)"
    if isinstance(value, (list, tuple)):
        return f"(a list of {len(value)})" if value else "(an empty list)"
    if not may_be_shown(path):
        return HIDDEN
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


def may_be_shown(path: Path) -> bool:
    """Return whether the scalar at a path is surely no secret."""
    match path:
        case ("mail_domains", _, "accounts", _, key, *_):
            return key in _SHOWN_ACCOUNT
        case ("mail_domains", _, key, *_):
            return key in _SHOWN_DOMAIN
        case ("dns_providers" | "mail_relays" as parent, _, key):
            return key in (_SHOWN_PROVIDER if parent == "dns_providers" else _SHOWN_RELAY)
        case ("mail_hosts", _, key, *_):
            return key in _SHOWN_HOST
        case (key, *rest):
            shown = _SHOWN_BACKUP if key == "mail_backup" else set()
            return key in _SHOWN_TOP or not shown.isdisjoint(rest[:1])
    return False


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like the given one, or None if none is like it."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def choose(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return a mend: the nearest known word, else the words there are, else `otherwise`."""
    words = sorted(known)
    near = nearest(word, words)
    if near is not None:
        return f"did you mean {near!r}?"
    return f"known here: {', '.join(words)}" if words else otherwise
