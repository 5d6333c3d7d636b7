"""Odd mail that is nobody's abuse: each must be taken, delivered, and left as it was.

A message is bytes: a header with the word `TOKEN` where the test puts what it looks for, and a
body. Sources: what mailing lists, carriers, mail programs and other people's servers really send.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime


@dataclass(frozen=True)
class Message:
    """One message that must arrive.

    Attributes:
        name: what is odd about it.
        data: the whole message as it travels, without the end of data; TOKEN for its mark.
        sender: the envelope's sender; words in braces as in NAMES.
        recipients: the envelope's recipients.
        copies: how many of them are the mailbox that is looked into.
        login: whether it is submitted by `own` and read at `outsider`, not taken on port 25.
        parameters: what follows MAIL FROM:<...>.
        hello: the command that opens the session.
        chunks: whether it is sent by BDAT (RFC 3030).
        changed: whether it may arrive otherwise than it was sent, and why.
        junk: whether it may be filed as Junk, and why.
    """

    name: str
    data: bytes
    sender: str = "{sender}"
    recipients: tuple[str, ...] = ("{other}",)
    copies: int = 1
    login: bool = False
    parameters: str = ""
    hello: str = "EHLO client.test"
    chunks: bool = False
    changed: str = ""
    junk: str = ""

    def words(self, names: Mapping[str, str]) -> dict[str, str]:
        """Return the words in braces, some of them in other letters."""
        local, _, _ = names["other"].partition("@")
        capitals = {"OTHER": names["other"].upper(), "OWN": names["own"].upper()}
        return {**names, **capitals, "local": local}

    def text(self, names: Mapping[str, str], marks: Mapping[str, str]) -> bytes:
        """Return the whole message as it travels."""
        data = self.data.replace(b"TOKEN", marks[self.name].encode())
        for word, value in self.words(names).items():
            data = data.replace(b"{%b}" % word.encode(), value.encode())
        return data


# Of the hour, or its age would count as a mark of spam.
DATE = b"Date: " + format_datetime(datetime.now(timezone(timedelta(hours=9)))).encode()


def header(*lines: bytes, author: bytes = b"From: Somebody <somebody@client.test>") -> bytes:
    """Return a header with its end; `lines` follow what every message has."""
    usual = (
        author,
        b"To: <{other}>",
        DATE,
        b"Message-ID: <TOKEN@client.test>",
        b"X-Case: TOKEN",
    )
    return b"\r\n".join((*usual, *lines, b"", b""))


BODY = b"Good day,\r\n\r\nthis is a message.\r\n"
SUBJECT = b"Subject: odd but honest"
PLAIN = header(SUBJECT) + BODY
OWN = header(SUBJECT, author=b"From: <{own}>") + BODY
MIME = b"MIME-Version: 1.0"
JIS = "\u65e5\u672c\u8a9e\u306e\u4ef6\u540d".encode("iso-2022-jp")
SJIS = "\u65e5\u672c\u8a9e\u306e\u672c\u6587\u3067\u3059\u3002".encode("shift_jis")
UTF8 = "\u65e5\u672c\u8a9e\u306e\u672c\u6587\u3067\u3059\u3002".encode()

BOUNCE = (
    header(
        b"Subject: Undelivered Mail Returned to Sender",
        MIME,
        b"Auto-Submitted: auto-replied",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        author=b"From: MAILER-DAEMON@client.test (Mail Delivery System)",
    )
    + b"--b\r\n\r\nCould not be delivered.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    b"Reporting-MTA: dns; client.test\r\n\r\nFinal-Recipient: rfc822; x@client.test\r\n"
    b"Action: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
)
NOTIFICATION = (
    MIME
    + b"\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n"
    b"\r\n--b\r\nContent-Type: text/plain\r\n\r\nRead.\r\n"
    b"--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
    b"Disposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n"
)


def without(line: bytes) -> bytes:
    """Return the plain message without one line of its header."""
    return PLAIN.replace(line + b"\r\n", b"", 1)


IN = (
    Message("plain", PLAIN),
    Message("bounce with the null sender", BOUNCE, sender=""),
    Message(
        "notification with the null sender",
        header(b"Subject: Read: hello")[:-2] + NOTIFICATION,
        sender="",
    ),
    Message(
        "mailing list with VERP",
        header(
            b"Subject: [list] hello",
            b"Precedence: list",
            b"List-Id: <list.client.test>",
            b"List-Unsubscribe: <mailto:leave@client.test>",
            b"Sender: list@client.test",
        )
        + BODY,
        sender="list-bounces+x=example.org@client.test",
    ),
    Message("SRS sender", PLAIN, sender="SRS0=HHH1=TT=example.org=user@client.test"),
    Message(
        "SRS sender, twice",
        PLAIN,
        sender="SRS1=HHH1=example.org==HHH=TT=example.com=user@client.test",
    ),
    Message("BATV sender", PLAIN, sender="prvs=1234567890=somebody@client.test"),
    Message(
        "8BITMIME",
        header(
            SUBJECT,
            MIME,
            b"Content-Type: text/plain; charset=utf-8",
            b"Content-Transfer-Encoding: 8bit",
        )
        + UTF8
        + b"\r\n",
        parameters=" BODY=8BITMIME",
    ),
    Message("8 bits nobody announced", header(SUBJECT) + UTF8 + b"\r\n"),
    Message("SMTPUTF8 asked for by an ASCII sender", PLAIN, parameters=" SMTPUTF8"),
    Message(
        "ISO-2022-JP",
        header(
            SUBJECT,
            MIME,
            b"Content-Type: text/plain; charset=ISO-2022-JP",
            b"Content-Transfer-Encoding: 7bit",
        )
        + JIS
        + b"\r\n",
    ),
    Message("ISO-2022-JP, raw in the subject", header(b"Subject: " + JIS) + BODY),
    Message("UTF-8, raw in the subject", header(b"Subject: " + UTF8) + BODY),
    Message(
        "Shift_JIS",
        header(
            SUBJECT,
            MIME,
            b"Content-Type: text/plain; charset=Shift_JIS",
            b"Content-Transfer-Encoding: 8bit",
        )
        + SJIS
        + b"\r\n",
    ),
    Message("carrier's two dots", PLAIN, sender="taro..yamada@client.test"),
    Message("carrier's dot before the at", PLAIN, sender="yamada.@client.test"),
    Message("carrier's dot first", PLAIN, sender=".yamada@client.test"),
    Message("carrier's dots, quoted", PLAIN, sender='"taro..yamada."@client.test'),
    Message(
        "carrier's address in the header",
        header(SUBJECT, author=b"From: taro..yamada.@client.test") + BODY,
        sender="taro..yamada.@client.test",
    ),
    Message(
        "slash and other signs in the sender",
        PLAIN,
        sender="a/b!c#d$e&f'g*h=i?j^k`l{m|n}o~p@client.test",
    ),
    Message("quoted sender with a blank", PLAIN, sender='"some body"@client.test'),
    Message("quoted recipient", PLAIN, recipients=('"{local}"@{domain}',)),
    Message("recipient in capitals", PLAIN, recipients=("{OTHER}",)),
    Message("recipient with an extension", PLAIN, recipients=("{local}+a+b@{domain}",)),
    Message("recipient with an empty extension", PLAIN, recipients=("{local}+@{domain}",)),
    Message("postmaster without a domain", PLAIN, recipients=("Postmaster",)),
    Message("abuse", PLAIN, recipients=("abuse@{domain}",)),
    Message(
        "200 recipients",
        PLAIN,
        recipients=tuple(f"{{local}}+{n}@{{domain}}" for n in range(200)),
        copies=200,
    ),
    Message("the same recipient thrice", PLAIN, recipients=("{other}",) * 3),
    Message("no subject", without(SUBJECT)),
    Message("empty subject", PLAIN.replace(SUBJECT, b"Subject:")),
    Message("no Date", without(DATE)),
    Message("a Date nobody can read", PLAIN.replace(DATE, b"Date: sometime")),
    Message("no Message-ID", without(b"Message-ID: <TOKEN@client.test>")),
    Message("no To", without(b"To: <{other}>")),
    Message(
        "undisclosed recipients",
        PLAIN.replace(b"To: <{other}>", b"To: undisclosed-recipients:;"),
        junk="Rspamd: R_UNDISC_RCPT and FORGED_RECIPIENTS, from a stranger without SPF",
    ),
    Message(
        "two authors and a Sender",
        header(SUBJECT, b"Sender: a@client.test", author=b"From: a@client.test, b@client.test")
        + BODY,
        junk="Rspamd: MULTIPLE_FROM",
    ),
    Message(
        "address in a comment",
        PLAIN.replace(
            b"From: Somebody <somebody@client.test>", b"From: somebody@client.test (Somebody)"
        ),
    ),
    Message("no body", header(SUBJECT)),
    Message("header alone", header(SUBJECT)[:-2], changed="an empty line ends the header"),
    Message("lines of dots", header(SUBJECT) + b"..\r\n...\r\n.. two\r\n"),
    Message("trailing blanks and tabs", header(SUBJECT) + b"a  \r\nb\t\r\n\r\n\r\n"),
    Message("line of 998 octets", header(SUBJECT) + b"x" * 998 + b"\r\n"),
    Message(
        "header field of 20 kB, folded",
        header(
            SUBJECT, b"References: " + b"\r\n ".join(b"<%060d@client.test>" % n for n in range(300))
        )
        + BODY,
    ),
    Message(
        "40 Received fields",
        b"".join(
            b"Received: from a%d.test by b%d.test; Tue, 24 Nov 2026 10:00:00 +0900\r\n" % (n, n)
            for n in range(40)
        )
        + PLAIN,
    ),
    Message(
        "multipart with an attachment named by RFC 2231",
        header(SUBJECT, MIME, b"Content-Type: multipart/mixed; boundary=b")
        + b"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
        b"--b\r\nContent-Type: application/pdf\r\n"
        b"Content-Disposition: attachment; filename*=utf-8''%E8%AB%8B%E6%B1%82%E6%9B%B8.pdf\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--b--\r\n",
    ),
    Message(
        "message in a message",
        header(SUBJECT, MIME, b"Content-Type: message/rfc822")
        + b"From: a@client.test\r\nSubject: inner\r\n\r\ninner\r\n",
    ),
    Message(
        "signed by OpenPGP",
        header(
            SUBJECT,
            MIME,
            b"Content-Type: multipart/signed; micalg=pgp-sha256; "
            b'protocol="application/pgp-signature"; boundary=b',
        )
        + b"--b\r\nContent-Type: text/plain\r\n\r\nsigned  \r\n--b\r\nContent-Type: "
        b"application/pgp-signature\r\n\r\n-----BEGIN PGP SIGNATURE-----\r\n=AAAA\r\n"
        b"-----END PGP SIGNATURE-----\r\n--b--\r\n",
    ),
    Message(
        "invitation",
        header(SUBJECT, MIME, b"Content-Type: text/calendar; method=REQUEST")
        + b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n",
    ),
    Message(
        "40 MB",
        header(SUBJECT, MIME, b"Content-Type: multipart/mixed; boundary=b")
        + b"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n"
        + b"Content-Type: application/octet-stream; name=film.bin\r\n"
        + b"Content-Transfer-Encoding: base64\r\n\r\n"
        + (base64.b64encode(bytes(57)) + b"\r\n") * (40 * 2**20 // 78)
        + b"--b--\r\n",
    ),
    Message("BDAT", PLAIN, chunks=True),
    Message("HELO", PLAIN, hello="HELO client.test"),
    Message("HELO of one word", PLAIN, hello="HELO mypc"),
    Message("EHLO with an underscore", PLAIN, hello="EHLO my_pc.client.test"),
    Message("EHLO of an address", PLAIN, hello="EHLO [198.18.0.99]"),
    Message("EHLO of an IPv6 address", PLAIN, hello="EHLO [IPv6:2001:db8::1]"),
    Message("EHLO of a domain of ours", PLAIN, hello="EHLO {domain}"),
    Message("EHLO of localhost", PLAIN, hello="EHLO localhost"),
    Message("HELO of localhost.localdomain", PLAIN, hello="HELO localhost.localdomain"),
    Message("EHLO of a name nobody knows", PLAIN, hello="EHLO no-such-host.invalid"),
)

_SUBMITTED = OWN.replace(b"To: <{other}>", b"To: <{outsider}>")
OUT = tuple(
    Message(name, data, sender, recipients, copies, login=True, parameters=parameters)
    for name, data, sender, recipients, copies, parameters in (
        ("submitted", _SUBMITTED, "{own}", ("{outsider}",), 1, ""),
        ("submitted with an extension", _SUBMITTED, "{user}+shop@{domain}", ("{outsider}",), 1, ""),
        ("submitted in capitals", _SUBMITTED, "{OWN}", ("{outsider}",), 1, ""),
        ("to two dots", _SUBMITTED, "{own}", ("taro..yamada@peer.test",), 1, ""),
        ("to a dot before the at", _SUBMITTED, "{own}", ("yamada.@peer.test",), 1, ""),
        ("to dots, quoted", _SUBMITTED, "{own}", ('"taro..yamada"@peer.test',), 1, ""),
        (
            "to dots, all of them",
            _SUBMITTED,
            "{own}",
            ("taro..yamada@peer.test", "yamada.@peer.test", ".yamada@peer.test"),
            3,
            "",
        ),
        (
            "submitted ISO-2022-JP",
            _SUBMITTED.replace(BODY, JIS + b"\r\n"),
            "{own}",
            ("{outsider}",),
            1,
            "",
        ),
        (
            "submitted 8BITMIME",
            _SUBMITTED.replace(BODY, UTF8 + b"\r\n"),
            "{own}",
            ("{outsider}",),
            1,
            " BODY=8BITMIME",
        ),
        (
            "submitted notification",
            header(b"Subject: Read: hello", author=b"From: <{own}>")[:-2] + NOTIFICATION,
            "",
            ("{outsider}",),
            1,
            "",
        ),
        (
            "submitted without a subject",
            _SUBMITTED.replace(SUBJECT + b"\r\n", b""),
            "{own}",
            ("{outsider}",),
            1,
            "",
        ),
    )
)

LEGITIMATE = (*IN, *OUT)
