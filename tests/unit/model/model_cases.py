"""Bad inventories, each the good one spoilt, and what must be said of it."""

from __future__ import annotations

from typing import NamedTuple

from model_samples import GONE, HASH, good

A = "mail_domains/alpha.test"
B = "mail_domains/beta.test"
DOTTED = "mail_domains.alpha.test"
ACCOUNT = {"password_hash": HASH}


class Case(NamedTuple):
    """A spoilt value and what must be said of it: (key, value shown, message, mend)."""

    name: str
    edits: list[tuple[str, object]]
    key: str
    value: str | None
    message: str
    mend: str


HIDDEN = "(not shown: it may be a secret)"
CASES = [
    # Unknown keys
    Case(
        "variable", [("mail_domans", {})], "mail_domans", None, "unknown variable", "'mail_domains'"
    ),
    Case("dns variable", [("dns_provider", 1)], "dns_provider", None, "unknown", "'dns_providers'"),
    Case(
        "host variable",
        [("mail_hosts/mx1/mail_ip6", "x")],
        "mail_hosts.mx1.mail_ip6",
        None,
        "unknown variable",
        "'mail_ipv6'",
    ),
    Case(
        "domain key", [(f"{A}/acounts", {})], f"{DOTTED}.acounts", None, "unknown key", "'accounts'"
    ),
    Case(
        "account key",
        [(f"{A}/accounts/taro/quotta", "5G")],
        f"{DOTTED}.accounts.taro.quotta",
        None,
        "unknown key",
        "'quota'",
    ),
    Case(
        "dmarc key",
        [(f"{A}/dmarc/polcy", "none")],
        f"{DOTTED}.dmarc.polcy",
        None,
        "unknown",
        "'policy'",
    ),
    Case(
        "provider key",
        [("dns_providers/lab/key_secrt", "x")],
        "dns_providers.lab.key_secrt",
        None,
        "unknown",
        "'key_secret'",
    ),
    Case(
        "later field",
        [(f"{A}/webmail", "no")],
        f"{DOTTED}.webmail",
        None,
        "unknown",
        "known here",
    ),
    Case(
        "global on a host",
        [("mail_hosts/mx1/mail_owner", "me")],
        "mail_hosts.mx1.mail_owner",
        None,
        "all hosts",
        "group_vars/all",
    ),
    # References
    Case("no provider", [(f"{A}/dns", GONE)], f"{DOTTED}.dns", None, "missing", "dns_providers"),
    Case(
        "no such provider", [(f"{A}/dns", "labb")], f"{DOTTED}.dns", '"labb"', "no key of", "'lab'"
    ),
    Case("no hosts", [(f"{A}/hosts", GONE)], f"{DOTTED}.hosts", None, "missing", "mail_hosts"),
    Case("empty hosts", [(f"{A}/hosts", [])], f"{DOTTED}.hosts", "(an empty list)", "empty", "add"),
    Case(
        "no such host",
        [(f"{A}/hosts/0", "mx11")],
        f"{DOTTED}.hosts[0]",
        '"mx11"',
        "no host",
        "'mx1'",
    ),
    Case(
        "host twice",
        [(f"{A}/hosts", ["mx1", "mx1"])],
        f"{DOTTED}.hosts[1]",
        '"mx1"',
        "twice",
        "once",
    ),
    Case(
        "idle host",
        [("mail_domains/gamma.test/hosts", ["mx1"])],
        "mail_hosts.mx2",
        None,
        "serves no domain",
        "hosts of a domain",
    ),
    Case("no domains", [("mail_domains", {})], "mail_domains", "(a mapping)", "empty", "add"),
    Case("domains missing", [("mail_domains", GONE)], "mail_domains", None, "missing", "add"),
    Case("providers missing", [("dns_providers", GONE)], "dns_providers", None, "missing", "add"),
    # Addresses claimed twice
    Case(
        "account and alias",
        [(f"{A}/aliases/jiro", ["taro"])],
        f"{DOTTED}.aliases.jiro",
        None,
        "jiro@alpha.test is already claimed by mail_domains.alpha.test.accounts.jiro",
        "keep one",
    ),
    Case(
        "alias and forward",
        [(f"{A}/forwards/team", ["x@peer.test"])],
        f"{DOTTED}.forwards.team",
        None,
        "already claimed",
        "keep one",
    ),
    Case(
        "case",
        [(f"{A}/accounts/Taro", ACCOUNT)],
        f"{DOTTED}.accounts.Taro",
        None,
        "already",
        "keep one",
    ),
    Case(
        "domain case",
        [("mail_domains/Alpha.TEST", good()[0]["mail_domains"]["alpha.test"])],
        "mail_domains.Alpha.TEST",
        None,
        "same domain",
        "merge",
    ),
    Case(
        "domain IDN",
        [
            ("mail_domains/bücher.test", good()[0]["mail_domains"]["beta.test"]),
            ("mail_domains/xn--bcher-kva.test", good()[0]["mail_domains"]["beta.test"]),
        ],
        "mail_domains.xn--bcher-kva.test",
        None,
        "same domain",
        "merge",
    ),
    # Aliases to nowhere
    Case(
        "nowhere",
        [(f"{A}/aliases/team/0", "tarou")],
        f"{DOTTED}.aliases.team[0]",
        '"tarou"',
        "tarou@alpha.test is no account",
        "taro@alpha.test",
    ),
    Case(
        "nowhere in a catch-all domain",
        [(f"{A}/aliases/team/3", "hanak@beta.test")],
        f"{DOTTED}.aliases.team[3]",
        '"hanak@beta.test"',
        "no account",
        "hanako@beta.test",
    ),
    Case(
        "foreign alias",
        [(f"{A}/aliases/team/0", "x@peer.test")],
        f"{DOTTED}.aliases.team[0]",
        '"x@peer.test"',
        "no mail domain",
        "forwards",
    ),
    Case(
        "send-only target",
        [(f"{A}/aliases/team/0", "noreply")],
        f"{DOTTED}.aliases.team[0]",
        '"noreply"',
        "only sends",
        "receives",
    ),
    Case(
        "empty alias",
        [(f"{A}/aliases/team", [])],
        f"{DOTTED}.aliases.team",
        "(an empty list)",
        "empty",
        "add",
    ),
    Case(
        "catch-all nowhere",
        [(f"{B}/catch_all", "nobody")],
        "mail_domains.beta.test.catch_all",
        '"nobody"',
        "no account",
        "name an address",
    ),
    Case(
        "reports nowhere",
        [(f"{A}/dmarc/reports_to", "dmrc@alpha.test")],
        f"{DOTTED}.dmarc.reports_to",
        '"dmrc@alpha.test"',
        "no account",
        "dmarc@alpha.test",
    ),
    Case(
        "home forward",
        [(f"{A}/forwards/friend/0", "taro@alpha.test")],
        f"{DOTTED}.forwards.friend[0]",
        '"taro@alpha.test"',
        "served by this inventory",
        "aliases",
    ),
    # Loops
    Case(
        "self",
        [(f"{A}/aliases/team", ["team"])],
        f"{DOTTED}.aliases.team",
        None,
        "back to itself",
        "account",
    ),
    Case(
        "loop",
        [(f"{A}/aliases/a", ["b"]), (f"{A}/aliases/b", ["c", "taro"]), (f"{A}/aliases/c", ["a"])],
        f"{DOTTED}.aliases.a",
        None,
        "a@alpha.test -> b@alpha.test -> c@alpha.test -> a@alpha.test",
        "account",
    ),
    Case(
        "loop across domains",
        [(f"{A}/aliases/a", ["b@beta.test"]), (f"{B}/aliases/b", ["a@alpha.test"])],
        f"{DOTTED}.aliases.a",
        None,
        "a@alpha.test -> b@beta.test -> a@alpha.test",
        "account",
    ),
    Case(
        "loop through a catch-all",
        [(f"{B}/catch_all", "all"), (f"{B}/aliases/all", ["gone"])],
        "mail_domains.beta.test.aliases.all",
        None,
        "all@beta.test -> gone@beta.test -> all@beta.test",
        "account",
    ),
    # Required addresses
    Case(
        "postmaster",
        [(f"{A}/aliases/postmaster", GONE), (f"{A}/aliases/abuse", ["taro"])],
        f"{DOTTED}.aliases",
        None,
        "postmaster@alpha.test does not exist",
        "`postmaster: [NAME]`",
    ),
    Case(
        "abuse",
        [(f"{A}/aliases/abuse", GONE)],
        f"{DOTTED}.aliases",
        None,
        "abuse@alpha.test",
        "`abuse: [NAME]`",
    ),
    Case(
        "deaf postmaster",
        [
            (f"{B}/aliases/postmaster", GONE),
            (f"{B}/accounts/postmaster", ACCOUNT | {"receive": False}),
        ],
        "mail_domains.beta.test.accounts.postmaster.receive",
        "false",
        "must receive",
        "remove",
    ),
    # Hosts
    Case(
        "one name twice",
        [("mail_hosts/mx2/mail_hostname", "MX1.alpha.test")],
        "mail_hosts.mx2.mail_hostname",
        '"MX1.alpha.test"',
        "also the mail_hostname of mx1",
        "its own",
    ),
    Case(
        "one address twice",
        [("mail_hosts/mx2/mail_ipv4", "198.18.0.11")],
        "mail_hosts.mx2.mail_ipv4",
        '"198.18.0.11"',
        "also the mail_ipv4 of mx1",
        "its own",
    ),
    Case(
        "one IPv6 twice",
        [("mail_hosts/mx2/mail_ipv6", "2001:2:0::11")],
        "mail_hosts.mx2.mail_ipv6",
        '"2001:2:0::11"',
        "also the mail_ipv6 of mx1",
        "its own",
    ),
    Case(
        "no host name",
        [("mail_hosts/mx1/mail_hostname", GONE)],
        "mail_hosts.mx1.mail_hostname",
        None,
        "missing",
        "MX name",
    ),
]

# One mistake that is more than one problem: what depends on it is wrong, too.
SIDE_EFFECTS = {
    "loop through a catch-all",
    "no domains",
    "domains missing",
    "providers missing",
    "domain case",
    "list for mapping",
    "empty domain",
    "no hosts",
    "empty hosts",
}
