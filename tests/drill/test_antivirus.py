"""ClamAV turned on, down, hung, broken, and turned off again, on both releases."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from drill_kill import Say
from labkit import MAIL_HOSTS, on, play
from labmail import SERVERS, Post
from postwright.probe import wire
from postwright.probe.submission import message, open_session, submit

READERS = ("hanako@beta.test", "saburo@gamma.test")
FRIEND = "friend@peer.test"
# Two halves: a virus scanner where this lies is to see nothing.
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}" + "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
REFUSED = "554 5.7.1 It holds a virus: Drill.EICAR.UNOFFICIAL"
LATER = "451 4.7.1 It cannot be looked for viruses now"


def _zipped(name: str, data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return held.getvalue()


HEADERS = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"


def _part(fields: str, text: str) -> str:
    return f"--b\r\n{fields}\r\n\r\n{text}\r\n--b--\r\n"


def _attached(data: bytes) -> str:
    fields = 'Content-Type: application/octet-stream; name="letter.zip"\r\n'
    encoded = base64.encodebytes(data).decode().replace("\n", "\r\n")
    return _part(fields + "Content-Transfer-Encoding: base64", encoded)


FORMS = {
    "plain": _part("Content-Type: text/plain", EICAR),
    "attached": _attached(EICAR.encode()),
    "in a zip": _attached(_zipped("letter.txt", EICAR.encode())),
    "in a zip in a zip": _attached(_zipped("a.zip", _zipped("letter.txt", EICAR.encode()))),
}


@pytest.fixture(scope="module")
def on_words(facts: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Both hosts with ClamAV and one signature, and off again; gives what turned it on."""
    folder = tmp_path_factory.mktemp("antivirus")
    signatures, words = folder / "drill.ndb", folder / "on.json"
    signatures.write_text(f"Drill.EICAR:0:*:{EICAR.encode().hex()}\n", encoding="utf-8")
    own = {"clamav_official_signatures": False, "clamav_databases": [str(signatures)]}
    words.write_text(json.dumps({"mail_antivirus": True, **own}), encoding="utf-8")
    for phase in ("keys", "hosts"):
        built = play(f"playbooks/{phase}.yml", "-e", f"@{words}")
        assert built.status == 0, built.output[-3000:]
    yield words
    for host in MAIL_HOSTS:
        on(host, "systemctl", "start", "clamav-daemon.socket", "clamav-daemon", status=None)
    assert play("playbooks/hosts.yml").status == 0


@pytest.fixture
def post(facts: dict[str, Any], on_words: Path) -> Post:
    """The lab's accounts, with ClamAV on."""
    return Post(facts)


def _host(reader: str) -> str:
    return SERVERS[reader.partition("@")[2]][0]


def _from_outside(post: Post, reader: str, body: str) -> str:
    return post.transfer(reader, body, headers=HEADERS)[1]


def _from_our_account(post: Post, sender: str, body: str) -> str:
    data = message(sender, FRIEND, "drill", HEADERS).removesuffix(b".\r\n")
    with open_session(post.target(sender), 465, post.login(sender)) as session:
        return submit(session, sender, FRIEND, data + body.encode() + b".\r\n")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("reader", READERS)
def test_a_virus_is_refused_from_outside_and_from_our_accounts(
    post: Post, say: Say, reader: str, form: str
) -> None:
    replies = [
        _from_outside(post, reader, FORMS[form]),
        _from_our_account(post, reader, FORMS[form]),
    ]
    say(f"{_host(reader)}: {form}: {replies}")
    assert replies == [REFUSED, REFUSED]


@pytest.mark.parametrize("reader", READERS)
def test_a_large_message_is_looked_into_to_its_end(post: Post, reader: str) -> None:
    filler = "".join(f"{line:070}\r\n" for line in range(400_000))
    assert _from_outside(post, reader, FORMS["plain"].replace(EICAR, filler + EICAR)) == REFUSED


FAULTS = {
    "down": (
        "systemctl stop clamav-daemon.socket clamav-daemon",
        "systemctl start clamav-daemon.socket clamav-daemon",
    ),
    "answers with an error": (
        "sed -i 's/^StreamMaxLength.*/StreamMaxLength 100/' /etc/clamav/clamd.conf;"
        " systemctl restart clamav-daemon",
        "sed -i 's/^StreamMaxLength.*/StreamMaxLength 53477376/' /etc/clamav/clamd.conf;"
        " systemctl restart clamav-daemon",
    ),
    "hangs": (
        "systemctl kill --signal=STOP clamav-daemon",
        "systemctl kill --signal=CONT clamav-daemon",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_without_clamavs_word_mail_waits_at_its_sender_and_nothing_is_lost(
    post: Post, say: Say, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    stop, start = FAULTS[fault]
    # Rspamd waits 50 s for a ClamAV that hangs, as it may have a large archive before it.
    monkeypatch.setattr(wire, "TIMEOUT", 90)

    def both(reader: str) -> list[str]:
        return [post.transfer(reader)[1], post.send(reader, FRIEND)[1]]

    with ThreadPoolExecutor() as pool:
        for host in MAIL_HOSTS:
            on(host, "sh", "-ec", stop)
        try:
            seen = dict(zip(READERS, pool.map(both, READERS), strict=True))
        finally:
            for host in MAIL_HOSTS:
                on(host, "sh", "-ec", start)
    say(f"ClamAV {fault}: {seen}")
    assert seen == {reader: [LATER, LATER] for reader in READERS}
    for reader in READERS:
        comes, leaves = post.transfer(reader)[0], post.send(reader, FRIEND)[0]
        assert post.arrived(reader, comes)
        assert post.arrived(FRIEND, leaves)


def test_a_run_with_nothing_to_change_changes_nothing(on_words: Path) -> None:
    again = play("playbooks/hosts.yml", "-e", f"@{on_words}")
    assert {host: counts["changed"] for host, counts in again.recap().items()} == dict.fromkeys(
        MAIL_HOSTS, 0
    )


def test_without_signatures_the_run_says_so_and_mail_goes_on(
    facts: dict[str, Any], on_words: Path
) -> None:
    # Off, and on again with signatures that the lab cannot fetch.
    assert play("playbooks/hosts.yml").status == 0
    for host in MAIL_HOSTS:
        on(host, "test", "!", "-e", "/var/lib/clamav")
        on(host, "systemctl", "cat", "clamav-daemon", status=1)
    words = ("-e", json.dumps({"mail_antivirus": True, "clamav_wait": 10}))
    assert play("playbooks/keys.yml", *words).status == 0
    seen = play("playbooks/hosts.yml", *words)
    assert seen.status != 0
    assert "ClamAV has no signatures after 10 seconds" in seen.output
    assert "let the host reach database.clamav.net by HTTPS" in seen.output
    post = Post(facts)
    for reader in READERS:
        assert post.arrived(reader, post.transfer(reader)[0])
