"""A small inventory of one domain on two hosts, for the tests of what it wants."""

from __future__ import annotations

from typing import Any

from postwright.dns import DkimKey
from postwright.model import Inventory, load

HASH = "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$t2HTYNGkuSxYIyYx8HnGfQ$7N8eM+8XjqqvFGShrfmbKXSJREscYAq6gK/fPJ1A47U"  # noqa: E501
KEY = DkimKey("mx1-202611e", "mx1", "v=DKIM1; k=ed25519; p=AAAA")
SECRET = "c2VjcmV0LXNlY3JldA=="  # noqa: S105
PROVIDERS = {
    "lab": {"driver": "rfc2136", "server": "198.18.0.1", "key_name": "k", "key_secret": SECRET},
    "cloud": {"driver": "cloudflare", "api_token": SECRET},
}


def inventory(other: dict[str, Any] | None = None, **domain: Any) -> Inventory:
    """Return alpha.test with these keys, and other domains beside it."""
    spec = {
        "hosts": ["mx2", "mx1"],
        "dns": "lab",
        "accounts": {"taro": {"password_hash": HASH}},
        "aliases": {"postmaster": ["taro"], "abuse": ["taro"]},
        **domain,
    }
    return load(
        {
            "mail_domains": {"alpha.test": spec, **(other or {})},
            "dns_providers": {spec["dns"]: PROVIDERS[spec["dns"]]},
        },
        {
            "mx1": {
                "mail_hostname": "mx1.alpha.test",
                "mail_ipv4": "198.18.0.21",
                "mail_ipv6": "2001:2::21",
            },
            "mx2": {"mail_hostname": "mx2.gamma.test", "mail_ipv4": "198.18.0.22"},
        },
    )
