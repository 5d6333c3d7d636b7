"""Bad backup MX hosts, and what must be said of them."""

from __future__ import annotations

from model_cases import DOTTED, A, Case

KEY, FIRST = f"{A}/backup_mx", f"{DOTTED}.backup_mx[0]"

BACKUP_MX_CASES = [
    Case("backup mx unknown", [(KEY, ["mx3"])], FIRST, '"mx3"', "no host", "did you mean"),
    Case(
        "backup mx serves", [(KEY, ["mx1"])], FIRST, '"mx1"', "among the domain's hosts", "`hosts`"
    ),
    Case(
        "backup mx twice",
        [(KEY, ["mx2", "mx2"])],
        f"{DOTTED}.backup_mx[1]",
        '"mx2"',
        "named twice",
        "once",
    ),
    Case("backup mx empty", [(KEY, [])], f"{DOTTED}.backup_mx", None, "is empty", "at least one"),
    Case("backup mx text", [(KEY, "mx2")], f"{DOTTED}.backup_mx", '"mx2"', "a list", "brackets"),
    Case(
        "backup mx of a parked domain",
        [("mail_domains/parked.test", {"parked": True, "dns": "lab", "backup_mx": ["mx2"]})],
        "mail_domains.parked.test.backup_mx",
        None,
        "is for a domain with mail",
        "remove it",
    ),
    Case(
        "backup mx of a domain elsewhere",
        [
            (
                "mail_domains/away.test",
                {
                    "dns": "lab",
                    "served_by": "microsoft365",
                    "backup_mx": ["mx2"],
                },
            )
        ],
        "mail_domains.away.test.backup_mx",
        None,
        "is for a domain that our hosts receive for",
        "remove it",
    ),
    Case(
        "backup mx behind a relay",
        [
            (KEY, ["mx2"]),
            ("mail_hosts/mx2/mail_relay", "isp"),
            (
                "mail_relays",
                {
                    "isp": {
                        "profile": "smarthost",
                        "host": "relay.peer.test",
                        "spf_include": "_spf.peer.test",
                        "username": "customer",
                        "password": "secret",
                    }
                },
            ),
        ],
        FIRST,
        '"mx2"',
        "goes through isp (mail_relay)",
        "port 25",
    ),
    Case(
        "backup mx lets viruses in",
        [(KEY, ["mx2"]), ("mail_hosts/mx1/mail_antivirus", True)],
        FIRST,
        '"mx2"',
        "looks for no viruses",
        "`mail_antivirus: true` for mx2",
    ),
]
