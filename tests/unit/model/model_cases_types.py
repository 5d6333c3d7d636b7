"""Values of the wrong type or none of the words that a key knows, and what must be said."""

from __future__ import annotations

from model_cases import DOTTED, A, Case

TYPE_CASES = [
    Case(
        "text for list",
        [(f"{A}/aliases/team", "taro")],
        f"{DOTTED}.aliases.team",
        '"taro"',
        "text where a list",
        "[name]",
    ),
    Case(
        "number for text", [(f"{A}/dns", 5)], f"{DOTTED}.dns", "5", "a number where text", "quotes"
    ),
    Case("yes for text", [(f"{A}/dns", True)], f"{DOTTED}.dns", "true", "true or false", "quotes"),
    Case(
        "text for bool",
        [(f"{A}/accounts/taro/send", "no")],
        f"{DOTTED}.accounts.taro.send",
        '"no"',
        "text where true or false",
        "without quotes",
    ),
    Case(
        "text for number",
        [("dns_providers/lab/port", "53")],
        "dns_providers.lab.port",
        '"53"',
        "whole number",
        "without quotes",
    ),
    Case(
        "port",
        [("dns_providers/lab/port", 70000)],
        "dns_providers.lab.port",
        "70000",
        "65535",
        "port",
    ),
    Case(
        "list for mapping",
        [(f"{A}/accounts", ["taro"])],
        f"{DOTTED}.accounts",
        "(a list of 1)",
        "a list where a mapping",
        "expected",
    ),
    Case(
        "empty domain",
        [("mail_domains/gamma.test", None)],
        "mail_domains.gamma.test",
        None,
        "empty where a mapping",
        "expected",
    ),
    Case(
        "number for local part",
        [
            (
                f"{A}/aliases",
                {5: ["taro"], "postmaster": ["taro"], "abuse": ["taro"], "dmarc": ["taro"]},
            )
        ],
        f"{DOTTED}.aliases.5",
        None,
        "does not read as text",
        "quotes",
    ),
    Case(
        "policy",
        [(f"{A}/dmarc/policy", "rejct")],
        f"{DOTTED}.dmarc.policy",
        '"rejct"',
        "none, quarantine or reject",
        "'reject'",
    ),
    Case(
        "driver",
        [("dns_providers/lab/driver", "cloudflare")],
        "dns_providers.lab.driver",
        '"cloudflare"',
        "must be rfc2136",
        "rfc2136",
    ),
    Case(
        "algorithm",
        [("dns_providers/lab/key_algorithm", "hmac-md5")],
        "dns_providers.lab.key_algorithm",
        '"hmac-md5"',
        "must be",
        "hmac-sha",
    ),
    Case("owner", [("mail_owner", "Me & Co")], "mail_owner", '"Me & Co"', "owner id", "postwright"),
]
