"""The whole probe: which checks one call runs, from plain data to plain data."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from .backup_mx import check_queue
from .journey import ARRIVAL, End, travel
from .mailbox import check_closed, check_mailbox
from .result import Recorder
from .submission import Login, check_notification, check_submission, check_wrong_password
from .transfer import check_transfer
from .wire import Target, has_route

CLEAR_PORTS = [110, 143]
PARALLEL = 16

Part = Callable[[Recorder], None]
"""Some checks of one address, one after the other."""


def targets(host: dict[str, Any]) -> list[Target]:
    """Return the host's addresses as targets."""
    return [
        Target(host["hostname"], address, "IPv6" if ":" in address else "IPv4")
        for address in host["addresses"]
    ]


def logins(mail: dict[str, Any], passwords: dict[str, str]) -> list[Login]:
    """Return the accounts of one host whose passwords the probe was given."""
    addresses = [box["address"] for box in mail["mailboxes"] if box["receives"] and box["sends"]]
    return [
        Login(
            box["address"],
            passwords[box["address"]],
            box["sends"],
            _neighbours(box["address"], addresses),
        )
        for box in mail["mailboxes"]
        if box["address"] in passwords
    ]


def _neighbours(address: str, addresses: list[str]) -> tuple[str, ...]:
    """Return whom an account may be tried to pose as: one of its domain, and one of another.

    It is one rule for all, and what an account may submit in a minute would not do for hundreds.
    """
    mine = address.partition("@")[2]
    by_domain: dict[bool, str] = {}
    for other in addresses:
        if other != address:
            by_domain.setdefault(other.endswith(f"@{mine}"), other)
    return tuple(by_domain.values())


def parts(
    mail: dict[str, Any], target: Target, passwords: dict[str, str], outsider: str
) -> list[Part]:
    """Return what is looked at on one address of one host; `mail` is without secrets.

    Parts do not wait for each other: a server lets an impostor wait for seconds.
    """
    ports = mail["ports"]
    accounts = logins(mail, passwords)
    receivers = [box["address"] for box in mail["mailboxes"] if box["receives"]]
    caught = {alias["address"][1:] for alias in mail["aliases"] if alias["address"].startswith("@")}
    strict = [address for address in receivers if address.split("@")[1] not in caught]
    send_only = [box["address"] for box in mail["mailboxes"] if not box["receives"]]
    closed = CLEAR_PORTS + ([] if mail["submission_starttls"] else [ports["submission"]])
    found: list[Part] = [partial(check_closed, target=target, ports=closed)]
    if receivers:
        # A domain that catches all has no unknown recipient to refuse.
        found.append(
            partial(
                check_transfer,
                target=target,
                port=ports["smtp"],
                recipient=(strict or receivers)[0],
                strict=bool(strict),
                send_only=send_only,
                outsider=outsider,
                takes_old_tls=mail["host"]["takes_old_senders"],
            )
        )
    for queue in mail["queues"]:
        addresses = [each["address"] for each in queue["recipients"]]
        found.append(
            partial(
                check_queue,
                target=target,
                port=ports["smtp"],
                recipient=next(each for each in addresses if not each.startswith("@")),
                strict=f"@{queue['domain']}" not in addresses,
                outsider=outsider,
            )
        )
    submissions = ports["submissions"]
    found += [
        partial(check_submission, target=target, port=submissions, login=login, outsider=outsider)
        for login in accounts
    ]
    for login in [login for login in accounts if login.address in receivers and login.sends][:1]:
        found.append(
            partial(
                check_mailbox,
                target=target,
                imaps=ports["imaps"],
                pop3s=ports["pop3s"],
                sieve=ports["sieve"],
                login=login,
            )
        )
        found += [
            partial(check, target=target, port=submissions, login=login)
            for check in (check_notification, check_wrong_password)
        ]
    return found


def recorded(part: Part) -> Recorder:
    """Return what one part found."""
    recorder = Recorder()
    part(recorder)
    return recorder


def ends(mail: dict[str, Any], passwords: dict[str, str], family: str) -> list[End]:
    """Return the accounts of one host that may send and receive, as ends of a journey."""
    ports = mail["ports"]
    receives = {box["address"] for box in mail["mailboxes"] if box["receives"]}
    found = [target for target in targets(mail["host"]) if target.family == family]
    return [
        End(login, found[0], found[0], ports["submissions"], ports["imaps"], ports["pop3s"])
        for login in logins(mail, passwords)
        if found and login.sends and login.address in receives
    ]


def probe_journeys(
    mails: list[dict[str, Any]],
    passwords: dict[str, str],
    peer: dict[str, Any] | None,
    patience: float = ARRIVAL,
) -> Recorder:
    """Send a message between every pair of accounts, the peer's account among them."""
    everyone: list[tuple[End, bool]] = [
        (end, False) for mail in mails for end in ends(mail, passwords, "IPv4")
    ]
    if peer is not None:
        target = Target(peer["hostname"], peer["ipv4"], "IPv4")
        login = Login(peer["address"], peer["password"], True, ())
        everyone.append(
            (End(login, target, target, peer["submissions"], peer["imaps"], None), True)
        )

    def go(pair: tuple[End, tuple[End, bool]]) -> Recorder:
        recorder = Recorder()
        origin, (destination, judged) = pair
        travel(recorder, origin, destination.login.address, destination, judged, patience)
        return recorder

    pairs = [
        (origin, other) for origin, _ in everyone for other in everyone if other[0] is not origin
    ]
    with ThreadPoolExecutor(PARALLEL) as pool:
        recorders = list(pool.map(go, pairs))
    return Recorder([result for recorder in recorders for result in recorder.results])


def out_of_reach(mails: list[dict[str, Any]]) -> list[str]:
    """Return the addresses that cannot be probed from here, for want of a route of their kind."""
    return [
        f"{target} ({target.address})"
        for mail in mails
        for target in targets(mail["host"])
        if not has_route(target)
    ]


def run(
    mails: list[dict[str, Any]],
    passwords: dict[str, str],
    outsider: str,
    peer: dict[str, Any] | None,
    patience: float = ARRIVAL,
) -> list[dict[str, Any]]:
    """Probe all addresses side by side, then send mail between all accounts; return all results."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        work = [
            part
            for mail in mails
            for target in targets(mail["host"])
            if has_route(target)
            for part in parts(mail, target, passwords, outsider)
        ]
        hosts = list(pool.map(recorded, work))
    journeys = probe_journeys(mails, passwords, peer, patience)
    return [result for recorder in [*hosts, journeys] for result in recorder.dump()]
