"""Where each letter is in the end: counted in mailboxes from outside, doubles explained."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime

from fault_mail import MARK, Letter
from labkit import on
from labmail import Post

ACCOUNTS = {
    "taro@alpha.test": "mx1",
    "jiro@alpha.test": "mx1",
    "hanako@beta.test": "mx1",
    "saburo@gamma.test": "mx2",
    "friend@peer.test": "peer",
}
_FOLDERS = ("INBOX", "Junk")
# Postfix's own, as each host on the way writes it.
_HOP = re.compile(r"by (\S+) \(Postfix\)[^;]*? id (\S+)")
_SYNCED = 6.0
"""Seconds until ext4 puts down that a queue file is gone (commit=5), and one for rounding."""
# smtp(8) and lmtp(8) say so where the connection broke between the final dot and its answer.
_TOLD = re.compile(r"sending end of data -- message may be sent more than once")


@dataclass(frozen=True)
class Copy:
    """A message in a mailbox.

    Attributes:
        account: whose.
        folder: which mailbox.
        message_id: its Message-ID.
        hops: each Postfix that had it and its queue id there, the first one first.
        when: when the last host took it, in seconds since the epoch.
    """

    account: str
    folder: str
    message_id: str
    hops: tuple[tuple[str, str], ...]
    when: float


def copies(post: Post) -> list[Copy]:
    """Return all letters of all drills that lie in mailboxes now."""
    with ThreadPoolExecutor(len(ACCOUNTS)) as pool:
        return [copy for found in pool.map(lambda a: _in(post, a), ACCOUNTS) for copy in found]


def _in(post: Post, account: str) -> list[Copy]:
    found = []
    with post.mailbox(account) as imap:
        for folder in _FOLDERS:
            if imap.select(folder, readonly=True)[0] != "OK":
                continue
            uids = imap.uid("SEARCH", "SUBJECT", f'"{MARK}"')[1][0].split()
            for at in range(0, len(uids), 500):
                wanted = b",".join(uids[at : at + 500]).decode()
                fields = "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID RECEIVED)])"
                for part in imap.uid("FETCH", wanted, fields)[1]:
                    if isinstance(part, tuple):
                        found.append(_copy(account, folder, part[1]))
    return found


def _copy(account: str, folder: str, header: bytes) -> Copy:
    parsed = BytesHeaderParser().parsebytes(header)
    received = [" ".join(str(line).split()) for line in parsed.get_all("Received", [])]
    hops = tuple((hop[1], hop[2]) for hop in map(_HOP.search, received) if hop)[::-1]
    when = parsedate_to_datetime(received[0].rpartition(";")[2]).timestamp()
    return Copy(account, folder, str(parsed["Message-ID"]), hops, when)


@dataclass(frozen=True)
class Double:
    """A letter that lies in more than one place, and why that may be."""

    letter: Letter
    copies: tuple[Copy, ...]
    why: str | None


@dataclass(frozen=True)
class Verdict:
    """What became of letters."""

    letters: int
    unanswered: tuple[Letter, ...]
    missing: tuple[Letter, ...]
    elsewhere: tuple[Letter, ...]
    doubles: tuple[Double, ...]

    @property
    def unexplained(self) -> list[Double]:
        """Doubles that no broken connection accounts for."""
        return [double for double in self.doubles if double.why is None]

    @property
    def ok(self) -> bool:
        """Whether each letter was accepted and is where it belongs, once as far as can be."""
        return not (self.unanswered or self.missing or self.elsewhere or self.unexplained)

    def __str__(self) -> str:
        """Say it in a line."""
        return (
            f"{self.letters} letters: {len(self.unanswered)} not accepted, "
            f"{len(self.missing)} missing, {len(self.elsewhere)} with somebody else, "
            f"{len(self.doubles)} double, {len(self.unexplained)} of them unexplained"
        )


def judged(
    letters: Iterable[Letter],
    found: Iterable[Copy],
    told: set[tuple[str, str]],
    cut: float = 0,
) -> Verdict:
    """Judge where letters are.

    Args:
        letters: what was sent.
        found: what lies in mailboxes.
        told: (host name, queue id) whose Postfix knows that it may have sent it twice.
        cut: when the power was cut, if it was: what Postfix had heard and not yet put down.
    """
    places: dict[str, list[Copy]] = defaultdict(list)
    for copy in found:
        places[copy.message_id].append(copy)
    mine = list(letters)
    doubles = [
        Double(letter, tuple(here), _explained(letter, here, told, cut))
        for letter in mine
        if len(here := places[letter.message_id]) > 1
    ]
    return Verdict(
        letters=len(mine),
        unanswered=tuple(letter for letter in mine if not letter.accepted),
        missing=tuple(x for x in mine if x.accepted and not places[x.message_id]),
        elsewhere=tuple(
            letter
            for letter in mine
            if any(copy.account != letter.recipient for copy in places[letter.message_id])
        ),
        doubles=tuple(doubles),
    )


def _explained(
    letter: Letter, found: list[Copy], told: set[tuple[str, str]], cut: float
) -> str | None:
    """Say at which final dot each copy beyond the first arose, or None where one did at none."""
    firsts = {copy.hops[0] for copy in found if copy.hops}
    if len(firsts) - 1 > letter.windows:
        return None
    reasons = [f"the sender heard no answer to {letter.windows} final dots"] * (len(firsts) > 1)
    # What is left are copies that one Postfix has made of one queue file.
    for first in firsts:
        same = [copy for copy in found if copy.hops and copy.hops[0] == first]
        if len(same) > 1:
            knowing = [hop for copy in same for hop in copy.hops if hop in told]
            late = min(cut - copy.when for copy in same if copy.when <= cut + 1) if cut else _SYNCED
            if knowing:
                reasons.append(f"{' '.join(knowing[0])} heard no answer to its final dot")
            elif late < _SYNCED:
                reasons.append(f"delivered {late:.0f} s before the cut, and not yet put down")
            else:
                return None
    return "; ".join(reasons)


def knowing() -> set[tuple[str, str]]:
    """Return which queue files Postfix may have sent twice, as its journal says."""
    found = set()
    for host, name in (("mx1", "mx1.alpha.test"), ("mx2", "mx2.gamma.test")):
        words = ("-q", "-b", "-o", "cat", "-t", "postfix/qmgr", "-t", "postfix/smtp", "-t")
        said = on(host, "journalctl", *words, "postfix/lmtp", "-t", "postfix/error")
        found |= {(name, queue_id) for queue_id in sent_twice(said.splitlines())}
    return found


def sent_twice(journal: Iterable[str]) -> Iterator[str]:
    """Return the queue ids that may have been sent twice.

    Postfix says so where the connection broke between the final dot and its answer. Where its own
    process ended there, it takes the file up again and has no outcome of the time before.
    """
    taken_up = set()
    for line in journal:
        queue_id, _, what = line.partition(": ")
        if what.endswith("(queue active)"):
            if queue_id in taken_up:
                yield queue_id
            taken_up.add(queue_id)
        elif " status=" in what or what == "removed":
            taken_up.discard(queue_id)
            if _TOLD.search(what):
                yield queue_id
