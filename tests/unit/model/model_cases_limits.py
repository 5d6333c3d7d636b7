"""Bad limits, and variables that limits replaced."""

from __future__ import annotations

from model_cases import DOTTED, A, Case

_TARO = f"{A}/accounts/taro/limits"
_SAID = f"{DOTTED}.accounts.taro.limits"
LIMIT_CASES = [
    Case(
        "unknown limit",
        [(_TARO, {"recipients_per_hour": 9})],
        f"{_SAID}.recipients_per_hour",
        None,
        "unknown key",
        "recipients_per_",
    ),
    Case(
        "no limit at all",
        [(_TARO, {"messages_per_day": 0})],
        f"{_SAID}.messages_per_day",
        "0",
        "lets nothing pass",
        "send: false",
    ),
    Case(
        "negative limit",
        [("mail_limits", {"messages_per_minute": -1})],
        "mail_limits.messages_per_minute",
        "-1",
        "lets nothing pass",
        "1 or more",
    ),
    Case(
        "limit in words",
        [(_TARO, {"messages_per_day": "many"})],
        f"{_SAID}.messages_per_day",
        '"many"',
        "is text where a whole number is needed",
        "write it without quotes",
    ),
    Case(
        "limit that is no mapping",
        [(_TARO, 500)],
        _SAID,
        "500",
        "is a number where a mapping is needed",
        "How much it may submit",
    ),
    Case(
        "day below minute",
        [("mail_limits", {"messages_per_minute": 100, "messages_per_day": 50})],
        "mail_limits.messages_per_day",
        "50",
        "50 messages a day are fewer than 100 a minute",
        "raise messages_per_day to 100 or more",
    ),
    Case(
        "minute above everybody's day",
        [(_TARO, {"recipients_per_minute": 5000})],
        f"{_SAID}.recipients_per_minute",
        "5000",
        "2000 recipients a day are fewer than 5000 a minute",
        "or lower recipients_per_minute",
    ),
    Case(
        "day below the domain's minute",
        [(f"{A}/limits", {"messages_per_minute": 200}), (_TARO, {"messages_per_day": 100})],
        f"{_SAID}.messages_per_day",
        "100",
        "fewer than 200 a minute",
        "raise messages_per_day",
    ),
    Case(
        "general variable that is gone",
        [("limits_messages_per_day", 900)],
        "limits_messages_per_day",
        None,
        "no variable any more",
        "mail_limits: {messages_per_day: NUMBER}",
    ),
    Case(
        "accounts' variable that is gone",
        [("limits_accounts", {"taro@alpha.test": {}})],
        "limits_accounts",
        None,
        "no variable any more",
        "mail_domains.DOMAIN.accounts.NAME.limits",
    ),
    Case(
        "variable that is gone, of a host",
        [("mail_hosts/mx1/limits_messages_per_day", 900)],
        "mail_hosts.mx1.limits_messages_per_day",
        None,
        "no variable any more",
        "mail_limits",
    ),
]
