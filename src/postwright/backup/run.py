"""A backup: laid out by root, then sent by a user who may only read (role backup)."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from . import manifest, password, stage, status
from .config import FOLDER, HOUR, KEEP, Config
from .restic import NoRepositoryError, Restic, of_host, summary
from .trouble import TroubleError

MANIFEST, STATE, MAIL, RECORD = "manifest", "state", "mail", "host.json"
KEPT = "kept"
"""restic's tag of what stays until somebody takes the tag away."""
_DAY = 24 * HOUR


def lay_out(config: Config) -> str:
    """Lay a backup out; return what it holds, in words."""
    to, mail = config.stage, Path(config.mail)
    to.mkdir(mode=0o700, exist_ok=True)
    take_away(config)
    for folder in (MAIL, MANIFEST):
        (to / folder).mkdir(exist_ok=True)
    stage.forget_accounts(mail, to / MAIL)
    taken, counts, before = time.time(), {}, to / f"{MANIFEST}.before"
    shutil.rmtree(before, ignore_errors=True)
    (to / MANIFEST).rename(before)
    for home in stage.accounts(mail):
        name = f"{home.parent.name}/{home.name}"
        stage.stage_account(home, to / MAIL / name)
        known = before / f"{name}.jsonl"
        counts[name] = manifest.write(
            to / MANIFEST / known.relative_to(before),
            manifest.entries(to / MAIL / name, manifest.read(known)),
        )
    shutil.rmtree(before)
    kept = stage.stage_state(config.state, to / STATE)
    record = {
        "host": config.host,
        "hostname": config.hostname,
        "taken": taken,
        "accounts": counts,
        "state": manifest.state_entries(to / STATE, kept),
        "keep": KEEP.exists(),
    }
    (to / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
    total = sum(each["messages"] for each in counts.values())
    return f"{total} messages of {len(counts)} accounts, {len(kept)} files of the host's own"


def take_away(config: Config) -> None:
    """Take the copies of keys away; the links to mail stay for the next backup."""
    shutil.rmtree(config.stage / STATE, ignore_errors=True)
    (config.stage / RECORD).unlink(missing_ok=True)


def upload(config: Config) -> str:
    """Send what was laid out to the repository; return what became of it, in words."""
    begun, restic = time.monotonic(), of_host(config)
    record = json.loads((config.stage / RECORD).read_text(encoding="utf-8"))
    tags = ["--tag", "postwright", *(["--tag", KEPT] if record["keep"] else [])]
    with noted("backup"):
        opened(config, restic)
        restic.unlock()
        # A link changes the inode's ctime, and never the bytes.
        told = summary(
            restic.run("backup", "--json", "--ignore-ctime", "--host", config.host,
                       *tags, str(config.stage))
        )  # fmt: skip
        accounts = record["accounts"].values()
        good = status.Good(
            when=record["taken"],
            snapshot=told["snapshot_id"],
            messages=sum(each["messages"] for each in accounts),
            size=sum(each["bytes"] for each in accounts),
            added=told["data_added"],
            seconds=round(time.monotonic() - begun, 1),
        )
        known = status.read()
        status.write(known.but(good=good))
        if record["keep"]:
            KEEP.unlink(missing_ok=True)
        if not config.append_only and time.time() - (known.pruned or 0) > _DAY:
            prune(config, restic)
    return (f"snapshot {good.snapshot[:8]}: {good.messages} messages, {good.added} bytes new, "
            f"{good.seconds} s")  # fmt: skip


def opened(config: Config, restic: Restic) -> list[str]:
    """See that the repository is this host's own, and have its password open it.

    It is made where there never was one. One that was there and is gone is no new one: its disk may
    not be mounted.
    """
    known, old = status.read(), password.before(config)
    try:
        found = password.opening(restic, old).id()
    except NoRepositoryError:
        if known.repository_id:
            raise TroubleError(
                f"the repository of this host is gone ({config.repository})",
                "mount its disk, or bring it back; "
                "to begin anew: postwright-backup forget-repository",
            ) from None
        return [_made(known, restic)]
    if known.repository_id not in {"", found}:
        raise TroubleError(
            f"another repository lies where this host's was ({config.repository})",
            "bring the old one back; to go on with this one: postwright-backup forget-repository",
        )
    new = [] if known.repository_id else [f"found the repository {found[:8]}"]
    added = password.add(restic, old) if old else []
    if (now := known.but(repository_id=found, password=written())) != known:
        status.write(now)
    return [*new, *added]


def was_opened(known: status.Status) -> bool:
    """Tell whether the repository was opened by the password that the inventory states now."""
    return bool(known.repository_id) and known.password == written()


def written() -> int:
    """Return when this host's password was written, which is each time it becomes another."""
    return (FOLDER / "password").stat().st_mtime_ns


def prune(config: Config, restic: Restic) -> None:
    """Remove the snapshots that are kept no longer."""
    restic.run("forget", "--prune", "--host", config.host, "--group-by", "host", *kept(config.keep))
    status.write(status.read().but(pruned=time.time()))


def kept(keep: dict[str, int]) -> list[str]:
    """Return restic-forget's words for how many snapshots are kept."""
    counts = ((f"--keep-{name}", str(count)) for name, count in keep.items() if count)
    return ["--keep-tag", KEPT, *(word for each in counts for word in each)]


@contextmanager
def noted(what: str) -> Iterator[None]:
    """Write down how a run ended.

    Raises:
        TroubleError: as it was raised inside.
    """
    try:
        yield
    except NoRepositoryError as error:
        trouble = TroubleError(f"there is no repository ({error})", "postwright-backup run")
        status.write(status.read().but(**{what: status.failed(trouble)}))
        raise trouble from None
    except TroubleError as error:
        status.write(status.read().but(**{what: status.failed(error)}))
        raise
    status.write(status.read().but(**{what: status.Attempt(time.time())}))


def shown(known: status.Status, config: Config) -> dict[str, object]:
    """Return the status for programs."""
    return {
        **asdict(known),
        "troubles": status.troubles(known, config, time.time()),
        "repository": config.repository,
    }


def _made(known: status.Status, restic: Restic) -> str:
    try:
        restic.run("init")
    except NoRepositoryError:
        raise TroubleError(
            f"no repository can be made at {restic.repository}",
            "make the directory or bucket that `repository` in mail_backup names",
        ) from None
    found = restic.id()
    status.write(known.but(repository_id=found, password=written()))
    return f"made the repository {found[:8]}"
