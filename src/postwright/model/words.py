"""Words that an inventory uses for what is neither a profile nor a relay, and used before."""

SELF = "self"
"""Our own hosts receive."""
DIRECT = "direct"
"""No relay sends: mail goes to the recipients' hosts."""

REPLACED = {
    f"limits_{name}": f"write `mail_limits: {{{name}: NUMBER}}`"
    for name in (
        "messages_per_minute",
        "recipients_per_minute",
        "messages_per_day",
        "recipients_per_day",
    )
} | {"limits_accounts": "write `limits` at each account: mail_domains.DOMAIN.accounts.NAME.limits"}
"""Variables that are gone, and what took their place."""
