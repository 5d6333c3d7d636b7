"""Values of the wrong type or none of the words that a key knows, and what must be said."""

from __future__ import annotations

from model_cases import DOTTED, A, Case
from model_samples import GONE

CLOUDFLARE = {"driver": "cloudflare", "api_token": "abcdef"}
OCTODNS = {
    "driver": "octodns",
    "provider_class": "octodns_powerdns.PowerDnsProvider",
    "options": {"host": "198.18.0.53"},
}
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
        [("dns_providers/lab/driver", "cloudflaer")],
        "dns_providers.lab.driver",
        '"cloudflaer"',
        "must be rfc2136 or cloudflare",
        "'cloudflare'",
    ),
    Case(
        "no driver",
        [("dns_providers/lab/driver", GONE)],
        "dns_providers.lab.driver",
        None,
        "is missing",
        "`rfc2136`, `cloudflare`",
    ),
    Case(
        "number for driver",
        [("dns_providers/lab/driver", 5)],
        "dns_providers.lab.driver",
        "5",
        "must be rfc2136 or cloudflare",
        "write one of",
    ),
    Case(
        "text for provider",
        [("dns_providers/lab", "cloudflare")],
        "dns_providers.lab",
        "(not shown: it may be a secret)",
        "text where a mapping",
        "expected",
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
    Case(
        "another driver's key",
        [("dns_providers/lab", {**CLOUDFLARE, "port": 53})],
        "dns_providers.lab.port",
        None,
        "unknown key",
        "known here: api_token, api_url, driver",
    ),
    Case(
        "token key",
        [("dns_providers/lab", {**CLOUDFLARE, "api_tokn": "x"})],
        "dns_providers.lab.api_tokn",
        None,
        "unknown key",
        "'api_token'",
    ),
    Case(
        "token with its scheme",
        [("dns_providers/lab", {**CLOUDFLARE, "api_token": "Bearer abc"})],
        "dns_providers.lab.api_token",
        "(not shown: it may be a secret)",
        "is no API token",
        "copy the token alone",
    ),
    Case(
        "no class",
        [("dns_providers/lab", {**OCTODNS, "provider_class": "powerdns"})],
        "dns_providers.lab.provider_class",
        '"powerdns"',
        "full name of a Python class",
        "octodns_powerdns.PowerDnsProvider",
    ),
    Case(
        "options as text",
        [("dns_providers/lab", {**OCTODNS, "options": "hunter2"})],
        "dns_providers.lab.options",
        "(not shown: it may be a secret)",
        "is text where a mapping is needed",
        "keys that the documentation shows",
    ),
    Case(
        "octoDNS's own spelling",
        [("dns_providers/lab", {**OCTODNS, "class": "octodns_powerdns.PowerDnsProvider"})],
        "dns_providers.lab.class",
        None,
        "unknown key",
        "known here: driver, options, provider_class",
    ),
    Case(
        "clear text",
        [("dns_providers/lab", {**CLOUDFLARE, "api_url": "http://api.example.org/v4"})],
        "dns_providers.lab.api_url",
        "(not shown: it may be a secret)",
        "is not https",
        "https://api.cloudflare.com",
    ),
    Case(
        "no address",
        [("dns_providers/lab", {**CLOUDFLARE, "api_url": "https://[half/v4"})],
        "dns_providers.lab.api_url",
        "(not shown: it may be a secret)",
        "is no web address",
        "https://api.cloudflare.com",
    ),
]
