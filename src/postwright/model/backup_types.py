"""The kinds of text that say where a backup goes and what opens it."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr, WithJsonSchema

from .types import refuse, text

Kind = Literal["local", "sftp", "s3", "rest"]

# restic's word for a user's directory at a host (restic's manual, "Preparing a new repository").
_SFTP = re.compile(r"(?P<user>[^@:/\s]+)@(?P<host>[^@:/\s]+):(?P<path>/\S+)")
_SHORTEST = 20
_PORTS = {"https": 443, "http": 80}
_PEM = re.compile(
    r"-----BEGIN OPENSSH PRIVATE KEY-----\s[\sA-Za-z0-9+/=]+-----END OPENSSH PRIVATE KEY-----"
)
_MEND = (
    "write it as restic does: /srv/backup, sftp:user@host:/path, s3:https://host/bucket or "
    "rest:https://host/path"
)


@dataclass(frozen=True)
class Place:
    """Where backups go, taken apart; `port` is None for a path of the host's own."""

    kind: Kind
    path: str
    host: str = ""
    user: str = ""
    port: int | None = None
    scheme: str = ""


def place(value: str) -> Place:
    """Return a repository's parts.

    Raises:
        PydanticCustomError: it is none that is known here.
    """
    kind, colon, rest = value.partition(":")
    if value.startswith("/"):
        if value.rstrip("/") == "" or "/../" in f"{value}/":
            raise refuse("is no directory for backups alone", _MEND)
        return Place("local", value.rstrip("/"))
    if colon and kind == "sftp":
        return _sftp(rest)
    if colon and kind in {"s3", "rest"}:
        return _by_web("s3" if kind == "s3" else "rest", rest)
    raise refuse("is no place that Postwright sets backups up for", _MEND)


def _sftp(rest: str) -> Place:
    if match := _SFTP.fullmatch(rest):
        return Place("sftp", match["path"].rstrip("/"), match["host"], match["user"], 22)
    found = _split(f"sftp:{rest}") if rest.startswith("//") else None
    if found is None or not found.username or not found.hostname or len(found.path) < 3:
        raise refuse(
            "names no user, host and absolute path",
            "write sftp:user@host:/path, or with a port sftp://user@host:2222//path",
        )
    path = "/" + found.path.strip("/")
    return Place("sftp", path, found.hostname, found.username, found.port or 22)


def _by_web(kind: Literal["s3", "rest"], rest: str) -> Place:
    found = _split(rest if "://" in rest else f"https://{rest}")
    if found is None or not found.hostname or found.scheme not in _PORTS or found.query:
        raise refuse("is no web address of a repository", _MEND)
    if "@" in found.netloc:
        raise refuse("has a credential in it", "move it to `credentials`, and keep it in the vault")
    if kind == "s3" and not found.path.strip("/"):
        raise refuse("names no bucket", "write s3:https://host/bucket")
    if kind == "rest" and found.scheme != "https":
        raise refuse("is not https, so its password would be read by others", _MEND)
    port = found.port or _PORTS[found.scheme]
    return Place(kind, found.path.rstrip("/"), found.netloc, port=port, scheme=found.scheme)


def _split(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return None
    return parts


def repository(value: str) -> str:
    """Return where backups go, in restic's words."""
    place(value)
    return value.rstrip("/")


def host_key(value: str) -> str:
    """Return a host's public SSH key: its type and the key, as in a file of known hosts."""
    mend = "write type and key, as `ssh-keyscan` prints them behind the name: ssh-ed25519 AAAA..."
    words = value.split()
    if len(words) < 2 or not re.fullmatch(r"(ssh|ecdsa|sk)-[a-z0-9@.-]+", words[0]):
        raise refuse("is no public SSH key", mend)
    try:
        raw = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        raise refuse("is no public SSH key", mend) from None
    # RFC 4253 6.6: the key begins with its type.
    if raw[4:].split(b"\0", 1)[0][: len(words[0])] != words[0].encode():
        raise refuse("is cut off, or of another type than it says", mend)
    return " ".join(words[:2])


def ssh_key(value: object) -> SecretStr:
    """Return a private SSH key without a passphrase, as ssh-keygen(1) writes it."""
    if isinstance(value, SecretStr):
        return value
    found = text(value).strip()
    if not _PEM.fullmatch(found):
        raise refuse(
            "is no private SSH key in OpenSSH's form",
            "write the whole file that `ssh-keygen -t ed25519 -N ''` made, as a block (|)",
        )
    return SecretStr(found + "\n")


def backup_password(value: object) -> SecretStr:
    """Return the password from which each host's own is made."""
    if isinstance(value, SecretStr):
        return value
    found = text(value)
    if len(found) < _SHORTEST or not found.isprintable() or found != found.strip():
        raise refuse(
            f"is shorter than {_SHORTEST} letters, or has a blank or line break at an end; a host "
            "that is taken over could guess it, and read the others' backups",
            "make one with `openssl rand -base64 24`, and keep it in the vault",
        )
    return SecretStr(found)


def credential(value: object) -> SecretStr:
    """Return a credential, which goes into an environment variable."""
    if isinstance(value, SecretStr):
        return value
    found = text(value)
    if not found or not found.isprintable():
        raise refuse("is empty, or has a line break", "copy it alone, as the provider showed it")
    return SecretStr(found)


_SECRET = WithJsonSchema({"type": "string"})
Repository = Annotated[str, AfterValidator(repository)]
HostKey = Annotated[str, AfterValidator(host_key)]
SshKey = Annotated[SecretStr, BeforeValidator(ssh_key), _SECRET]
BackupPassword = Annotated[SecretStr, BeforeValidator(backup_password), _SECRET]
Credential = Annotated[SecretStr, BeforeValidator(credential), _SECRET]
