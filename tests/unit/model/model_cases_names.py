"""Names and addresses that cannot be a host's further ones, and what must be said of them."""

from __future__ import annotations

from model_cases import Case

NAMES = "mail_hosts/mx2/mail_other_names"
ADDRESSES = "mail_hosts/mx2/mail_other_addresses"
NAME_CASES = [
    Case(
        "another host's name",
        [(NAMES, ["old.gamma.test", "MX1.alpha.test"])],
        "mail_hosts.mx2.mail_other_names[1]",
        '"MX1.alpha.test"',
        "is also the mail_hostname of mx1",
        "its own",
    ),
    Case(
        "its own name",
        [(NAMES, ["mx2.gamma.test"])],
        "mail_hosts.mx2.mail_other_names[0]",
        '"mx2.gamma.test"',
        "said twice: mail_hosts.mx2.mail_hostname says it, too",
        "say it once",
    ),
    Case(
        "no full name",
        [(NAMES, ["mx2_old"])],
        "mail_hosts.mx2.mail_other_names[0]",
        '"mx2_old"',
        "has no dot",
        "mx1.example.org",
    ),
    Case(
        "a parked domain's name",
        [("mail_domains/parked.test", {"parked": True, "dns": "lab"}), (NAMES, ["parked.test"])],
        "mail_hosts.mx2.mail_other_names[0]",
        '"parked.test"',
        "is a parked domain",
        "a name of its own",
    ),
    Case(
        "another host's address",
        [(ADDRESSES, ["198.18.0.11"])],
        "mail_hosts.mx2.mail_other_addresses[0]",
        '"198.18.0.11"',
        "is also the mail_ipv4 of mx1",
        "its own",
    ),
    Case(
        "a private address",
        [(ADDRESSES, ["10.0.0.1"])],
        "mail_hosts.mx2.mail_other_addresses[0]",
        '"10.0.0.1"',
        "is not a public address",
        "public IPv4",
    ),
    Case(
        "IPv6 of a host without",
        [(ADDRESSES, ["2001:2::31"])],
        "mail_hosts.mx2.mail_other_addresses[0]",
        '"2001:2::31"',
        "the host has no mail_ipv6",
        "say it as mail_ipv6",
    ),
]
