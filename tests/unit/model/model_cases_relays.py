"""Bad inventories about who receives and who sends in our stead."""

from __future__ import annotations

from typing import Any

from model_cases import DOTTED, HIDDEN, A, Case

R = "mail_relays"
E = "mail_domains/elsewhere.test"
ELSEWHERE = {"dns": "lab", "served_by": "google_workspace"}
SES = {"profile": "amazon_ses", "region": "eu-west-1", "username": "u", "password": "p"}
ISP = {"profile": "smarthost", "host": "smtp.isp.example", "username": "u", "password": "p"}


def relay(**keys: Any) -> list[tuple[str, object]]:
    """Return the edit that adds the relay `ses` with other keys."""
    return [(R, {"ses": {**SES, **keys}})]


def sends(given: object, **keys: Any) -> list[tuple[str, object]]:
    """Return the edits that send alpha.test through `ses`."""
    return [*relay(**keys), (f"{A}/sends_through", "ses"), (f"{A}/sends_with", given)]


RELAY_CASES = [
    Case("unknown receiver", [(E, {**ELSEWHERE, "served_by": "google"})],
         "mail_domains.elsewhere.test.served_by", '"google"', "no profile of who receives",
         "google_workspace"),
    Case("sender as receiver", [(E, {**ELSEWHERE, "served_by": "amazon_ses"})],
         "mail_domains.elsewhere.test.served_by", '"amazon_ses"', "no profile of who receives",
         "known here: google_workspace"),
    Case("hosts of a domain received elsewhere", [(E, {**ELSEWHERE, "hosts": ["mx1"]})],
         "mail_domains.elsewhere.test.hosts", None, "google_workspace does", "remove it"),
    Case("accounts of a domain received elsewhere", [(E, {**ELSEWHERE, "accounts": {}})],
         "mail_domains.elsewhere.test.accounts", None, "google_workspace does", "remove it"),
    Case("MTA-STS of a domain received elsewhere", [(E, {**ELSEWHERE, "mta_sts": {}})],
         "mail_domains.elsewhere.test.mta_sts", None, "google_workspace does", "remove it"),
    Case("parked and received elsewhere", [(E, {**ELSEWHERE, "parked": True})],
         "mail_domains.elsewhere.test.served_by", None, "parked", "remove it"),
    Case("host named like a domain received elsewhere",
         [(E, ELSEWHERE), ("mail_hosts/mx1/mail_hostname", "elsewhere.test")],
         "mail_hosts.mx1.mail_hostname", '"elsewhere.test"', "google_workspace receives for",
         "name of its own"),
    Case("alias to a domain received elsewhere",
         [(E, ELSEWHERE), (f"{A}/aliases/team", ["a@elsewhere.test"])],
         f"{DOTTED}.aliases.team[0]", '"a@elsewhere.test"', "no mail domain", "forwards"),
    Case("unknown key of a receiver", [(E, {**ELSEWHERE, "served_with": {"dkim_kee": "x"}})],
         "mail_domains.elsewhere.test.served_with.dkim_kee", None,
         "unknown key for Google Workspace", "'dkim_key'"),
    Case("a key in a wrong form", [(E, {**ELSEWHERE, "served_with": {"dkim_key": "MIIB"}})],
         "mail_domains.elsewhere.test.served_with.dkim_key", HIDDEN, "does not look",
         "Admin console"),
    Case("half of a verification",
         [(E, {**ELSEWHERE, "served_with": {"verification_name": "abc"}})],
         "mail_domains.elsewhere.test.served_with.verification_target", None,
         "missing beside verification_name", "points to"),
    Case("a number", [(E, {**ELSEWHERE, "served_with": {"dkim_key": 1}})],
         "mail_domains.elsewhere.test.served_with.dkim_key", HIDDEN, "a number where text",
         "quotes"),
    Case("served_with of our own", [(f"{A}/served_with", {"dkim_key": "x"})],
         f"{DOTTED}.served_with", None, "others receive", "served_by"),
    Case("unknown relay", [*relay(), (f"{A}/sends_through", "sess")],
         f"{DOTTED}.sends_through", '"sess"', "no key of mail_relays", "'ses'"),
    Case("unknown relay of a host", [*relay(), ("mail_hosts/mx1/mail_relay", "isp")],
         "mail_hosts.mx1.mail_relay", '"isp"', "no key of mail_relays", "known here: ses"),
    Case("sends_with without a relay", [*relay(), (f"{A}/sends_with", {"mail_from": "bounce"})],
         f"{DOTTED}.sends_with", None, "a relay sends for", "sends_through"),
    Case("unknown profile", relay(profile="amazon"), "mail_relays.ses.profile", '"amazon"',
         "no profile of who sends", "'amazon_ses'"),
    Case("receiver as relay", [(R, {"ses": {**ISP, "profile": "microsoft365"}})],
         "mail_relays.ses.profile", '"microsoft365"', "no profile of who sends", "known here"),
    Case("no region", [(R, {"ses": {k: v for k, v in SES.items() if k != "region"}})],
         "mail_relays.ses.region", None, "missing", "ap-northeast-1"),
    Case("misspelt region", [(R, {"ses": {**{k: v for k, v in SES.items() if k != "region"},
                                          "regoin": "eu-west-1"}})],
         "mail_relays.ses.regoin", None, "unknown key for Amazon SES", "'region'"),
    Case("region in a wrong form", relay(region="Tokyo"), "mail_relays.ses.region", HIDDEN,
         "does not look", "ap-northeast-1"),
    Case("a domain's key at the relay", relay(mail_from="bounce"), "mail_relays.ses.mail_from",
         None, "unknown key", "sends_with"),
    Case("two tokens", sends({"dkim_tokens": ["a" * 32, "b" * 32]}),
         f"{DOTTED}.sends_with.dkim_tokens", "(a list of 2)", "2 values where 3 are", "three"),
    Case("name of a relay", [(R, {"My Relay": SES})], "mail_relays.My Relay", None,
         "no name of a relay", "a-z"),
    Case("a relay called direct", [(R, {"direct": SES})], "mail_relays.direct", None,
         "no relay is used", "such as ses"),
    Case("no password", [(R, {"ses": {k: v for k, v in SES.items() if k != "password"}})],
         "mail_relays.ses.password", None, "missing", "vault"),
    Case("no user name", [(R, {"ses": {k: v for k, v in SES.items() if k != "username"}})],
         "mail_relays.ses.username", None, "missing", "login"),
    Case("user name with a colon", relay(username="a:b"), "mail_relays.ses.username", HIDDEN,
         "colon", "another"),
    Case("password with a line break", relay(**{"password": "one\ntwo"}),
         "mail_relays.ses.password", HIDDEN, "line break", "copy it alone"),
    Case("empty password", relay(**{"password": ""}), "mail_relays.ses.password", HIDDEN, "empty",
         "relay gave"),
    Case("port", relay(port="587"), "mail_relays.ses.port", '"587"', "whole number",
         "without quotes"),
]  # fmt: skip
