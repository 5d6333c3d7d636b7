"""Attempts to relay, to pose as others and to break the protocol, and one control for each class.

The controls differ from what is refused in nothing but the abuse, so that a host which refuses
everything fails the matrix, too.
"""

from __future__ import annotations

from functools import partial

from abuse_cases import Case, mail, message

RELAY = r"(454 4|554 5)\.7\.1 .*Relay access denied"
UNKNOWN = r"550 5\.1\.1 "
SYNTAX = r"501 5\.1\.[37] |501 5\.5\.4 "
NOT_YOURS = r"553 5\.7\.1 .*not owned by user"
NOT_YOUR_HEADER = r"554 5\.7\.1 (5\.7\.1 )?The From header is not"
NO_AUTH = r"50[23] 5\.5\.1 "


def _to(name: str, recipient: str, reply: str = RELAY, sender: str = "{sender}") -> Case:
    return Case(name, reply, mail(sender, recipient))


RELAYING = (
    _to("outsider", "{outsider}"),
    _to("outsider in capitals", "FRIEND@PEER.TEST"),
    _to("null sender", "{outsider}", sender=""),
    _to("sender of ours", "{outsider}", sender="{other}"),
    _to("sender of the host", "{outsider}", sender="postmaster@{host}"),
    _to("sender is the recipient", "{outsider}", sender="{outsider}"),
    _to("another host of ours", "{ours}"),
    _to("subdomain of ours", "{user}@sub.{domain}"),
    _to("trailing dot", "{outsider}.", r"454 4\.7\.1|554 5\.7\.1|501 5\.1\.3"),
    _to("percent hack", "friend%peer.test@{domain}"),
    _to("percent hack twice", "friend%peer.test%{domain}@{domain}"),
    _to("percent hack at the host", "friend%peer.test@{host}"),
    _to("source route", "@{domain}:{outsider}"),
    _to("source route of two", "@{host},@{domain}:{outsider}"),
    _to("bang path", "peer.test!friend@{domain}"),
    _to("bang path alone", "peer.test!friend"),
    _to("bang path through us", "{host}!peer.test!friend"),
    _to("quoted outsider", '"{outsider}"@{domain}'),
    _to("quoted percent", '"friend%peer.test"@{domain}'),
    _to("escaped at", "friend\\@peer.test@{domain}"),
    _to("two domains, ours last", "{outsider}@{domain}"),
    _to("two domains, ours first", "{other}@peer.test"),
    _to("literal of another", "friend@[198.51.100.7]"),
    _to("literal of another, IPv6", "friend@[IPv6:2001:db8::1]"),
    _to("outsider at a literal of this host", "{outsider}@[{literal}]"),
    _to("localhost", "root@localhost"),
)

RECIPIENTS = (
    _to("unknown", "no-such-user@{domain}", UNKNOWN),
    _to("unknown with an extension", "no-such-user+{user}@{domain}", UNKNOWN),
    _to("unknown at the host", "no-such-user@{host}", UNKNOWN),
    _to("unknown, null sender", "no-such-user@{domain}", UNKNOWN, sender=""),
    _to("at the literal of this host", "{user}@[{literal}]", UNKNOWN),
    _to("no domain", "root", r"504 5\.5\.2 "),
    _to("no recipient", "", r"501 5\.1\.3 "),
    _to("domain without a name", "{user}@", SYNTAX + "|5"),
    _to("comment", "{outsider}(comment)", "5"),
    _to("look-alike letter", "t\u0430ro@{domain}", "5"),
    _to("full-width at", "taro\uff20{domain}", "5"),
    _to("blank in the local part", '"no such"@{domain}', UNKNOWN),
    _to("local part of 2,000 letters", "a" * 2000 + "@{domain}", "5"),
    Case("no brackets", r"501 5\.1\.7 ", ("MAIL FROM:{sender}\r\n",)),
    Case(
        "two recipients in one", "501", ("MAIL FROM:<{sender}>\r\n", "RCPT TO:<{other}>,<a@b>\r\n")
    ),
    _to("sender without a domain", "{other}", r"504 5\.5\.2 ", sender="root"),
)

_ask = partial(Case, port=25)
COMMANDS = (
    _ask("VRFY", r"502 5\.5\.1 ", ("VRFY {other}\r\n",)),
    _ask("EXPN", r"500 5\.5\.2 ", ("EXPN {theirs}\r\n",)),
    _ask("ETRN", r"459 ", ("ETRN {domain}\r\n",)),
    _ask("TURN", r"500 5\.5\.2 ", ("TURN\r\n",)),
    _ask("XCLIENT", r"5", ("XCLIENT ADDR=127.0.0.1\r\n",)),
    _ask("XFORWARD", r"5", ("XFORWARD ADDR=127.0.0.1\r\n",)),
    _ask("DATA without RCPT", r"554 5\.5\.1 ", ("MAIL FROM:<{sender}>\r\n", "DATA\r\n")),
    _ask("MAIL twice", r"503 5\.5\.1 ", ("MAIL FROM:<{sender}>\r\n", "MAIL FROM:<{sender}>\r\n")),
    _ask("no HELO", r"503 5\.5\.1 ", mail("{sender}", "{other}"), hello="", tls="none"),
    _ask(
        "HELO that is no name",
        r"501 5\.5\.2 ",
        mail("{sender}", "{other}"),
        hello="EHLO !!",
        tls="none",
    ),
    _ask("HTTP", "221|5", ("GET / HTTP/1.1\r\n",), hello="", tls="none"),
    _ask("size over the limit", r"552 5\.3\.4 ", ("MAIL FROM:<{sender}> SIZE=209715200\r\n",)),
    _ask("AUTH in clear", NO_AUTH, ("AUTH PLAIN AHByb2JlAHByb2Jl\r\n",), tls="none"),
    _ask("AUTH under TLS", NO_AUTH, ("AUTH PLAIN AHByb2JlAHByb2Jl\r\n",)),
    _ask("AUTH LOGIN", NO_AUTH, ("AUTH LOGIN\r\n",)),
    _ask("AUTH before EHLO", NO_AUTH, ("AUTH LOGIN\r\n",), hello="", tls="none"),
    _ask(
        "AUTH of a parameter",
        RELAY + "|5",
        ("MAIL FROM:<{sender}> AUTH={other}\r\n", "RCPT TO:<{outsider}>\r\n"),
    ),
    _ask("command of 10,000 letters", "5", ("X" * 10000 + "\r\n",)),
    _ask("NUL in a command", "5", (b"RCPT\0 TO:<{other}>\r\n",)),
    _ask("BDAT without RCPT", "5", ("BDAT 4 LAST\r\nabcd",)),
    _ask(
        "message before EHLO's answer to pipelining",
        r"5",
        ("MAIL FROM:<{sender}>\r\nRCPT TO:<{other}>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\n",),
        hello="HELO client.test",
        tls="none",
    ),
    _ask(
        "command smuggled before STARTTLS",
        r"5|closed|220 .*",
        ("STARTTLS\r\nMAIL FROM:<{sender}>\r\n",),
        tls="none",
    ),
)

_NOT_ME = r"550 5\.7\.1 .*Helo command rejected"
_plain = partial(Case, tls="none")
DOOR = (
    _plain("this host's name", _NOT_ME, mail("{sender}", "{other}"), hello="EHLO {host}"),
    _plain("this host's name, old", _NOT_ME, mail("{sender}", "{other}"), hello="HELO {host}"),
    _plain("this host's literal", _NOT_ME, mail("{sender}", "{other}"), hello="EHLO [{literal}]"),
    _plain("this host's address", _NOT_ME, mail("{sender}", "{other}"), hello="HELO {address}"),
    _plain("this host's name, null sender", _NOT_ME, mail("", "{other}"), hello="EHLO {host}"),
    _to("sender of no domain", "{other}", r"550 5\.1\.8 ", sender="somebody@no-such.test"),
    _to("sender that takes no mail", "{other}", r"550 5\.7\.27 ", sender="a@parked.alpha.test"),
    Case(
        "bounce to two",
        r"550 5\.5\.3 .*Multi-recipient bounce",
        (*mail("", "{other}"), "RCPT TO:<{own}>\r\n", "DATA\r\n"),
    ),
)


def _smuggled(name: str, end: bytes) -> Case:
    return Case(
        f"smuggled by {name}",
        r"5(21|50) 5\.5\.2 |5|250 2\.0\.0 Ok: queued as \S+$",
        (
            *mail("{sender}", "{other}"),
            "DATA\r\n",
            b"From: <{sender}>\r\nTo: <{other}>\r\nSubject: abuse matrix\r\n\r\nfirst"
            + end
            + b"MAIL FROM:<{sender}>\r\nRCPT TO:<{other}>\r\nDATA\r\n"
            b"Subject: smuggled\r\n\r\nsecond\r\n.\r\n",
        ),
    )


SMUGGLING = tuple(
    _smuggled(name, end)
    for name, end in {
        "LF.LF": b"\n.\n",
        "LF.CRLF": b"\n.\r\n",
        "LF.CR": b"\n.\r",
        "CRLF.LF": b"\r\n.\n",
        "CRLF.CR": b"\r\n.\r",
        "CR.CR": b"\r.\r",
        "CR.LF": b"\r.\n",
        "CR.CRLF": b"\r.\r\n",
        "CRLF.NUL.CRLF": b"\r\n.\0\r\n",
        "CRLF.blank.CRLF": b"\r\n. \r\n",
        "CRLF..CRLF": b"\r\n..\r\n",
        "CRCRLF.CRLF": b"\r\r\n.\r\r\n",
    }.items()
)

_without = partial(Case, port=465, tls="implicit")
NOT_LOGGED_IN = r"5(30 5\.7\.0|5[34] 5\.7\.1) "
UNAUTHENTICATED = (
    _without("to an outsider", NOT_LOGGED_IN, mail("{own}", "{outsider}")),
    _without("to one of us", NOT_LOGGED_IN, mail("{own}", "{other}")),
    _without("from an outsider", NOT_LOGGED_IN, mail("{sender}", "{other}")),
    _without("with the null sender", NOT_LOGGED_IN, mail("", "{outsider}")),
    _without("to the postmaster", NOT_LOGGED_IN, mail("{sender}", "postmaster@{domain}")),
    _without("HELO alone", NOT_LOGGED_IN, mail("{own}", "{outsider}"), hello="HELO client.test"),
    # Who speaks first does not wait in vain for a greeting in clear.
    _without("in clear", "closed", (), tls="none", early=True),
    _without("AUTH CRAM-MD5", "53[45]", ("AUTH CRAM-MD5\r\n",)),
    _without("AUTH ANONYMOUS", "53[45]", ("AUTH ANONYMOUS dGVzdA==\r\n",)),
    _without("AUTH EXTERNAL", "53[45]", ("AUTH EXTERNAL =\r\n",)),
    _without("AUTH NTLM", "53[45]", ("AUTH NTLM\r\n",)),
    _without("AUTH that is no base64", "5(01|35)", ("AUTH PLAIN !!!!\r\n",)),
    _without("AUTH given up", "501", ("AUTH LOGIN\r\n", "*\r\n")),
)

WRONG = r"535 5\.7\.8 "
_login = partial(Case, reply=WRONG, steps=(), port=465, tls="implicit")
LOGINS = (
    _login("wrong password", login="{own}", phrase="wrong"),
    _login("empty password", login="{own}", phrase="", reply=r"5(35|01) "),
    _login("password of another", login="{own}", phrase="correct horse taro"),
    _login("password in capitals", login="{own}", phrase="CORRECT HORSE"),
    _login("user without a domain", login="{user}", phrase="correct horse {user}"),
    _login("unknown user", login="no-such-user@{domain}", phrase="correct horse"),
    _login("domain of nobody", login="{user}@client.test", phrase="correct horse"),
    _login("user with an extension", login="{user}+x@{domain}", phrase="correct horse"),
    _login("alias as user", login="{theirs}", phrase="correct horse taro"),
    _login("master user", login="{own}*{other}", phrase="correct horse taro", reply="535"),
    _login("wildcard user", login="*@{domain}", phrase="correct horse"),
    _login("SQL", login="' or 1=1 --", phrase="x", reply="535"),
)

_as_own = partial(Case, port=465, tls="implicit", login="{own}")


def _poses(name: str, sender: str, reply: str = NOT_YOURS) -> Case:
    return _as_own(f"envelope: {name}", reply, mail(sender, "{other}"))


def _header(name: str, author: str, reply: str = NOT_YOUR_HEADER, header: str = "") -> Case:
    return _as_own(f"header: {name}", reply, message("{own}", "{other}", header, author))


POSING = (
    _poses("another account", "{other}"),
    _poses("another account in capitals", "TARO@ALPHA.TEST", r"553 5\.7\.1 "),
    _poses("another account with an extension", "no-such+x@{domain}"),
    _poses("an account of another host", "{ours}"),
    _poses("an alias of another's", "{theirs}"),
    _poses("an outsider", "{outsider}"),
    _poses("an unknown address of ours", "no-such-user@{domain}"),
    _poses("an extension that names the login", "no-such-user+{user}@{domain}"),
    _poses("the host", "postmaster@{host}"),
    _poses("a subdomain", "{user}@sub.{domain}"),
    _poses("percent hack", "{user}%peer.test@{domain}"),
    _poses("source route", "@{domain}:{outsider}"),
    _poses("bang path", "peer.test!{user}@{domain}"),
    _poses("quoted login", '"{own}"@peer.test'),
    _poses("quoted with a blank", '"{user} "@{domain}'),
    _poses("no domain", "{user}", r"504 5\.5\.2 "),
    _poses("look-alike letter", "j\u0456ro@{domain}", "5"),
    _as_own(
        "envelope: null sender",
        r"554 5\.7\.1 (5\.7\.1 )?The null sender",
        message("", "{other}", author="From: <{own}>\r\n"),
    ),
    _as_own(
        "envelope: null sender, another's notification",
        NOT_YOUR_HEADER,
        message(
            "",
            "{other}",
            "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n",
            "From: <{other}>\r\n",
        ),
    ),
    _header("another account", "From: <{other}>\r\n"),
    _header("an account of another host", "From: <{ours}>\r\n"),
    _header("an alias of another's", "From: <{theirs}>\r\n"),
    _header("an outsider", "From: <{outsider}>\r\n"),
    _header("own name, other address", 'From: "{own}" <{other}>\r\n'),
    _header("two authors", "From: <{own}>, <{other}>\r\n"),
    _header("two fields, own first", "From: <{own}>\r\nFrom: <{other}>\r\n"),
    _header("two fields, own last", "From: <{other}>\r\nFrom: <{own}>\r\n"),
    _header(
        "two fields, one with a blank before the colon", "From: <{own}>\r\nFrom : <{other}>\r\n"
    ),
    _header("two fields, one in small letters", "From: <{own}>\r\nfrom: <{other}>\r\n"),
    _header("two fields, folded", "From: <{own}>\r\nFrom:\r\n <{other}>\r\n"),
    _header("blank before the colon", "From : <{other}>\r\n"),
    _header("none", ""),
    _header("empty", "From:\r\n"),
    _header("group", "From: us: <{own}>, <{other}>;\r\n"),
    _header("comment that hides the address", "From: ({own}) {other}\r\n"),
    _header("encoded word", "From: =?utf-8?q?{own}?= <{other}>\r\n"),
    _header("encoded address", "From: =?utf-8?q?=3C{other}=3E?=\r\n"),
    _header("two addresses without a comma", "From: {own} <{other}>\r\n"),
    _header("two addresses in brackets", "From: <{own}> <{other}>\r\n"),
    _header("NUL in the address", "From: <{other}\0>\r\n"),
    _header("bare CR before a second field", "From: <{own}>\rFrom: <{other}>\r\n"),
    _header("source route", "From: <@{domain}:{other}>\r\n"),
    _header("subdomain", "From: <{user}@sub.{domain}>\r\n"),
    _header("look-alike letter", "From: <j\u0456ro@{domain}>\r\n"),
)


_PRETENDED = r"55[04] 5\.7\.1 "
PRETENDING = (
    Case(
        "header of ours, from outside",
        _PRETENDED,
        message("{sender}", "{other}", author="From: <{other}>\r\n"),
    ),
    Case("header and envelope of ours, from outside", _PRETENDED, message("{other}", "{other}")),
    Case(
        "header of ours, null sender",
        _PRETENDED,
        message("", "{other}", author="From: <{other}>\r\n"),
    ),
    Case(
        "header of a subdomain of ours",
        _PRETENDED,
        message("{sender}", "{other}", author="From: <a@sub.{domain}>\r\n"),
    ),
    Case(
        "header of another host's domain",
        _PRETENDED,
        message("{sender}", "{other}", author="From: <{ours}>\r\n"),
    ),
)

ATTEMPTS: dict[str, tuple[Case, ...]] = {
    "relay": RELAYING,
    "recipient": RECIPIENTS,
    "command": COMMANDS,
    "door": DOOR,
    "smuggling": SMUGGLING,
    "no login": UNAUTHENTICATED,
    "login": LOGINS,
    "posing": POSING,
    "pretending": PRETENDING,
}

TAKEN = r"250 2\.0\.0 Ok: queued as \S+$"
CONTROLS: dict[str, Case] = {
    "relay": _to("control", "{other}", r"250 2\.1\.5 "),
    "recipient": _to("control", "{other}", r"250 2\.1\.5 "),
    "command": Case("control", TAKEN, message("{sender}", "{other}")),
    # A bounce to one, from the web server of a domain of ours.
    "door": _plain(
        "control",
        TAKEN,
        message("", "{other}", author="From: <{sender}>\r\n"),
        hello="EHLO {domain}",
    ),
    # A true end of data inside: two messages are taken.
    "smuggling": Case(
        "control",
        TAKEN,
        (
            *message("{sender}", "{other}"),
            "MAIL FROM:<{sender}>\r\n",
            "RCPT TO:<{other}>\r\n",
            *message("{sender}", "{other}")[2:],
        ),
    ),
    "no login": _as_own("control", r"250 2\.1\.5 ", mail("{own}", "{outsider}")),
    "login": _login(
        "control", login="{own}", reply=r"250 2\.1\.5 ", steps=mail("{own}", "{other}")
    ),
    "posing": _as_own("control", TAKEN, message("{own}", "{other}")),
    "pretending": Case("control", TAKEN, message("{sender}", "{other}")),
}
