"""The other host, by SSH with a key for the time of the move (role moving)."""

from __future__ import annotations

from .places import STATE, Account
from .shell import MoveError, run

KEY = STATE / "key"
KNOWN_HOSTS = STATE / "known_hosts"


def words(account: Account, verb: str, *more: str) -> list[str]:
    """Return the command that has the new host do something for an account."""
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": "10",
        "ServerAliveInterval": "5",
        "StrictHostKeyChecking": "yes",
        # Whatever its port is.
        "HostKeyAlias": account.peer,
        "UserKnownHostsFile": str(KNOWN_HOSTS),
        "GlobalKnownHostsFile": "none",
        "IdentitiesOnly": "yes",
        # One connection for all, since a handshake is a good part of a short refusal.
        "ControlMaster": "auto",
        "ControlPath": f"{STATE}/ssh-%C",
        "ControlPersist": "60",
        "LogLevel": "ERROR",
        "Port": str(account.peer_ssh_port),
    }
    said = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    there = f"root@{account.peer_address}"
    return ["ssh", "-F", "none", "-i", str(KEY), *said, there, verb, account.address, *more]


def ask(account: Account, verb: str, *more: str, data: bytes | None = None) -> str:
    """Have it done, and return the answer.

    Raises:
        MoveError: the new host does not answer, or refuses.
    """
    try:
        return run(*words(account, verb, *more), data=data).decode().strip()
    except MoveError as trouble:
        there = f"{account.peer} ({account.peer_address} port {account.peer_ssh_port})"
        raise MoveError(f"{there}, asked `{verb} {account.address}`: {trouble}") from trouble
