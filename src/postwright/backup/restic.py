"""restic(1) with no secret in its command line, and its errors in words (role backup)."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from .config import CACHE, FOLDER, Config
from .trouble import TroubleError

# What restic, ssh and the systems below say (restic 0.14 and 0.18), and what it means.
_REACH = "does the target run, and is `repository` in mail_backup right? {target}"
_FULL = r"no space left|disk quota exceeded|remaining disk space|not enough space"
_NOT_OPENED = r"wrong password or no key found"
_NOT_LET_IN = r"Permission denied \(publickey"
_NO_CREDENTIAL = r"401 Unauthorized|Access Key Id you provided|request signature we calculated"
_NO_CERTIFICATE = r"x509: |HTTP response to HTTPS client|malformed HTTP response"
_MEANINGS: list[tuple[str, str, str]] = [
    (
        _NOT_OPENED,
        "the repository does not open with this password",
        "give `password` in mail_backup the value that the repository was made with, or state that "
        "beside it as `old_password`; or name another repository",
    ),
    (
        r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED",
        "the target's SSH key is none of those that the inventory states",
        "compare with `ssh-keyscan` and with who runs the target; then put it into `host_keys` in "
        "mail_backup",
    ),
    (
        _NOT_LET_IN,
        "the target does not let this host in",
        "put this line into ~/.ssh/authorized_keys of the target's user:\n    {ssh_line}",
    ),
    (
        _NO_CREDENTIAL,
        "the target does not know this host's credential",
        "correct `credentials` in mail_backup",
    ),
    (
        _NO_CERTIFICATE,
        "the target does not prove its name by TLS",
        "give it a certificate that this host's trust store vouches for, and `repository` in "
        "mail_backup the name that it is for",
    ),
    (
        _FULL,
        "the target is full",
        "give it more room, or remove old snapshots (`keep` in mail_backup, docs/backup.md)",
    ),
    (
        r"repository is already locked|unable to create lock",
        "somebody else works on the repository, or was killed while he did",
        "wait until he is done; a lock that is left over is taken away half an hour later",
    ),
    (
        r"403 Forbidden|405 Method Not Allowed|AccessDenied|access denied|blob not removed",
        "the target does not allow that with this host's credential",
        "correct `credentials` in mail_backup; where it is append-only, only another credential "
        "deletes: `postwright backup prune`",
    ),
    (
        r"connection (refused|timed out|reset|closed)|no route to host|unreachable|i/o timeout"
        r"|could not resolve|no such host|server misbehaving",
        "the target cannot be reached",
        _REACH,
    ),
    (
        r"read-only file system|permission denied",
        "the target cannot be written to",
        "give it to the user postwright-backup there, or correct `repository` in mail_backup",
    ),
]
# Nothing else: whoever takes an error for an empty place builds a host over its backup.
_NONE_THERE = (
    r"repository does not exist|specified (key|bucket) does not exist"
    r"|(open config file|create repository).*(does not exist|no such file)"
)
# restic tries for a quarter of an hour, and keeps all later backups waiting meanwhile.
_HOPELESS = "|".join((_FULL, _NO_CREDENTIAL, _NO_CERTIFICATE))
# Somebody waits for the answer of these alone, and wants to be told what is known.
_LOOKS = {"cat", "snapshots"}
_LOOKED = rf"retrying after.*({'|'.join((*(form for form, *_ in _MEANINGS), _NONE_THERE))})"
_LINK_ENDED = re.compile(r"talking HTTP to rclone|sftp session|connection lost|unexpected EOF")


class NoRepositoryError(Exception):
    """There is no repository at the place."""


class WrongPasswordError(TroubleError):
    """The repository is there, and this password does not open it."""


class NotLetInError(TroubleError):
    """The target knows no SSH key of this host's yet."""


_KINDS = {_NOT_OPENED: WrongPasswordError, _NOT_LET_IN: NotLetInError}


@dataclass(frozen=True)
class Restic:
    """One host's repository.

    `secrets` are restic's own environment variables; `ssh` is how its target is reached, if by SSH.
    """

    repository: str
    options: list[str]
    ssh_line: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)
    ssh: tuple[str, ...] = ()

    def run(self, *words: str, cache: bool = True) -> str:
        """Return what restic prints.

        Raises:
            NoRepositoryError: there is none.
            TroubleError: restic failed.
        """
        done = self._done(*words, cache=cache)
        if done.returncode:
            raise self.meaning(words[0], done.stderr or done.stdout)
        return done.stdout

    def complaints(self, *words: str) -> str:
        """Return what is wrong with the repository itself; nothing where restic is content.

        It is read as a stranger would, without what this host's cache remembers.

        Raises:
            TroubleError: restic failed for another reason.
        """
        done = self._done(*words, cache=False)
        if done.returncode == 0:
            return ""
        if known := self._known(done.stderr):
            raise known
        return _last(done.stderr or done.stdout)

    def replace_process(self, words: list[str]) -> None:
        """Become restic, with what the operator asked it for."""
        command = self._command(*words, cache=True)
        os.execvpe(command[0], command, self._environment())  # noqa: S606

    def id(self) -> str:
        """Return the repository's id; that it opens is seen by it, whoever has it locked."""
        return str(json.loads(self.run("cat", "config", "--no-lock"))["id"])

    def unlock(self) -> None:
        """Take away a lock that a killed run left, never one that is in use (restic-unlock(1)).

        A host that was lost while it removed old backups left one, too; nobody else takes it away.
        """
        self.run("unlock")

    def snapshots(self, *words: str, cache: bool = True) -> list[dict[str, Any]]:
        """Return the snapshots that restic lists, the newest last."""
        found = json.loads(self.run("snapshots", "--json", *words, cache=cache))
        return sorted(found or [], key=lambda each: str(each["time"]))

    def meaning(self, verb: str, said: str) -> Exception:
        """Return an error of restic's as what it means."""
        if known := self._known(said):
            return known
        if re.search(_NONE_THERE, said, re.IGNORECASE):
            return NoRepositoryError(self.repository)
        return TroubleError(
            f"restic {verb} failed at {self.repository}:\n{_last(said)}",
            "docs/backup.md says how to look at a repository and how to repair it",
        )

    def _known(self, said: str) -> TroubleError | None:
        if self.ssh and _LINK_ENDED.search(said):
            said += self._ssh_says()
        for form, meant, mend in _MEANINGS:
            if re.search(form, said, re.IGNORECASE):
                known = {"ssh_line": self.ssh_line, "target": self.repository}
                kind = _KINDS.get(form, TroubleError)
                return kind(f"{meant} ({self.repository})", mend.format(**known))
        return None

    def _ssh_says(self) -> str:
        """Return why there is no connection, where restic (0.14) does not tell what SSH told it."""
        done = subprocess.run(
            self.ssh, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        return done.stderr

    def _done(self, *words: str, cache: bool) -> subprocess.CompletedProcess[str]:
        """Run restic to its end, which is at once where it says what trying again does not mend."""
        command, said = self._command(*words, cache=cache), []
        forms = (_HOPELESS, _LOOKED) if words[0] in _LOOKS else (_HOPELESS,)
        hopeless = re.compile("|".join(forms), re.IGNORECASE)
        with (
            TemporaryFile("w+", encoding="utf-8", errors="replace") as out,
            subprocess.Popen(
                command,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            ) as running,
        ):
            for line in running.stderr or ():
                said.append(line)
                if hopeless.search(line):
                    running.terminate()
            code = running.wait()
            out.seek(0)
            return subprocess.CompletedProcess(command, code, out.read(), "".join(said))

    def _command(self, *words: str, cache: bool) -> list[str]:
        options = [word for option in self.options for word in ("-o", option)]
        return ["restic", *options, *([] if cache else ["--no-cache"]), *words]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "LC_ALL": "C.UTF-8", **self.secrets}


def of_host(config: Config, folder: Path = FOLDER, by: str = "password") -> Restic:
    """Return a mail host's repository, as its own credential opens it.

    `by` names the file of the folder that the password stands in.
    """
    given = json.loads((folder / "credentials.json").read_text(encoding="utf-8"))
    secrets = {
        "RESTIC_PASSWORD_FILE": str(folder / by),
        "RESTIC_REPOSITORY_FILE": str(folder / "repository"),
        "RESTIC_CACHE_DIR": str(CACHE),
        **given["environment"],
    }
    ssh = ("ssh", "-F", str(folder / "ssh_config"), "target") if config.options else ()
    return Restic(config.repository, config.options, config.ssh_line, secrets, ssh)


def summary(printed: str) -> dict[str, Any]:
    """Return restic-backup's own summary from what it printed as JSON."""
    lines = (json.loads(line) for line in printed.splitlines() if line.startswith("{"))
    return next(each for each in lines if each.get("message_type") == "summary")


def _last(said: str) -> str:
    """Return the end of what was said, without what rclone always says at the other end."""
    lines = [line for line in said.strip().splitlines() if "NOTICE: Config file" not in line]
    return "\n".join(lines[-8:])


def escaped(path: str) -> str:
    """Return a path as a pattern of restic's that means this path alone (filepath.Match)."""
    return re.sub(r"([\\*?\[\]])", r"\\\1", path)
