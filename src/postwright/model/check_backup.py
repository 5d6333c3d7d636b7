"""What must hold between the keys of `mail_backup`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic_core import PydanticCustomError

from .backup_types import Place, place
from .findings import Finding, choose

_PATH = ("mail_backup",)
_S3 = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_REST = ("RESTIC_REST_USERNAME", "RESTIC_REST_PASSWORD")
_NEEDED = {"s3": _S3}
_KNOWN = {"s3": (*_S3, "AWS_DEFAULT_REGION"), "rest": _REST}


def check_backup(spec: object) -> Iterator[Finding]:
    """Yield what is wrong; `spec` is `mail_backup` as it is written."""
    if not isinstance(spec, Mapping) or not isinstance(spec.get("repository"), str):
        return
    try:
        at = place(spec["repository"])
    except PydanticCustomError:
        return
    yield from _ssh(spec, at)
    yield from _credentials(spec, at)
    if spec.get("append_only") is True and at.kind == "local":
        yield Finding(
            (*_PATH, "append_only"),
            "cannot be had on a disk of the host's own, where root deletes what he likes",
            "name a `repository` on another host, or leave `append_only` out",
        )
    if spec.get("old_password") is not None and spec["old_password"] == spec.get("password"):
        yield Finding(
            (*_PATH, "old_password"),
            "is the same as `password`",
            "give `password` the new one, or leave `old_password` out",
        )
    keep = spec.get("keep")
    counts = [keep.get(name, 1) for name in ("hourly", "daily", "weekly", "monthly")] \
        if isinstance(keep, Mapping) else [1]  # fmt: skip
    if all(count == 0 for count in counts):
        yield Finding((*_PATH, "keep"), "keeps no snapshot at all", "leave one number above 0")


def _ssh(spec: Mapping[str, object], at: Place) -> Iterator[Finding]:
    if at.kind == "sftp":
        if not spec.get("host_keys"):
            yield Finding(
                (*_PATH, "host_keys"),
                "is missing",
                f"add what `ssh-keyscan -p {at.port} {at.host}` prints, without the name, once you "
                "have compared it with who runs the target",
            )
        return
    for key in ("host_keys", "ssh_key"):
        if spec.get(key):
            yield Finding((*_PATH, key), f"is for sftp:, and this is {at.kind}", "remove it", True)


def _credentials(spec: Mapping[str, object], at: Place) -> Iterator[Finding]:
    given = spec.get("credentials") or {}
    if not isinstance(given, Mapping):
        return
    known = _KNOWN.get(at.kind, ())
    for name in given:
        if name not in known:
            mend = choose(str(name), known, "remove it")
            path = (*_PATH, "credentials", str(name))
            yield Finding(path, f"is no credential for {at.kind}", mend, True)
    needed = _REST if at.kind == "rest" and set(_REST) & set(given) else _NEEDED.get(at.kind, ())
    for name in needed:
        if name not in given:
            path = (*_PATH, "credentials", name)
            yield Finding(path, "is missing", "add it, from the vault")
