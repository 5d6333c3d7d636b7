"""Bad inventories about parked domains and about what is published."""

from __future__ import annotations

from model_cases import DOTTED, A, Case

P = "mail_domains/parked.test"
SAID = "mail_domains.parked.test"
PARKED = {"parked": True, "dns": "lab"}

RECORD_CASES = [
    Case(
        "parked with hosts",
        [(P, {**PARKED, "hosts": ["mx1"]})],
        f"{SAID}.hosts",
        None,
        "parked",
        "remove it",
    ),
    Case(
        "parked with an alias",
        [(P, {**PARKED, "aliases": {"info": ["taro@alpha.test"]}})],
        f"{SAID}.aliases",
        None,
        "parked",
        "remove it",
    ),
    Case(
        "neither parked nor served",
        [(P, {"parked": False, "dns": "lab", "forwards": {
            "abuse": ["a@peer.test"], "postmaster": ["a@peer.test"]}})],
        f"{SAID}.hosts",
        None,
        "missing",
        "mail_hosts",
    ),
    Case(
        "host named like a parked domain",
        [(P, PARKED), ("mail_hosts/mx1/mail_hostname", "Parked.test")],
        "mail_hosts.mx1.mail_hostname",
        '"Parked.test"',
        "takes no mail",
        "name of its own",
    ),
    Case(
        "reports to a parked domain",
        [(P, PARKED), (f"{A}/tls_reports_to", "tls@parked.test")],
        f"{DOTTED}.tls_reports_to",
        '"tls@parked.test"',
        "is no account",
        "parked.test",
    ),
    Case(
        "MTA-STS mode",
        [(f"{A}/mta_sts", {"mode": "enforced"})],
        f"{DOTTED}.mta_sts.mode",
        '"enforced"',
        "must be",
        "'enforce'",
    ),
    Case(
        "unknown record",
        [(f"{A}/records", {"mta-sts": False})],
        f"{DOTTED}.records.mta-sts",
        None,
        "unknown key",
        "'mta_sts'",
    ),
    Case(
        "unknown record of a host",
        [("mail_hosts/mx1/mail_records", {"tls": False})],
        "mail_hosts.mx1.mail_records.tls",
        None,
        "unknown key",
        "'tlsa'",
    ),
    Case(
        "parked without a provider",
        [(P, {"parked": True})],
        f"{SAID}.dns",
        None,
        "missing",
        "Who publishes",
    ),
]  # fmt: skip
