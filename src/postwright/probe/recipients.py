"""Recipients that are offered to port 25, and those that no host should take."""

from __future__ import annotations

from .wire import Smtp, Target, refused


def sender_at(target: Target) -> str:
    """Return a sender whose domain exists, or that would be what is refused."""
    return f"probe@{target.hostname}"


def session_at(target: Target, port: int, tls: bool = True) -> Smtp:
    """Return a session that has said hello, under TLS or not."""
    session = Smtp(target, port)
    session.hello()
    if tls:
        session.upgrade()
    return session


def offered(target: Target, port: int, recipient: str, sender: str) -> str:
    """Offer mail for one recipient, send none, and return what was said."""
    with session_at(target, port) as session:
        reply = session.command(f"MAIL FROM:<{sender}>")
        return session.command(f"RCPT TO:<{recipient}>") if reply.startswith("250") else reply


def not_taken(target: Target, port: int, recipient: str, sender: str) -> tuple[bool, str]:
    """Offer mail for one recipient; ok where it is refused at RCPT TO or before."""
    reply = offered(target, port, recipient, sender)
    return refused(reply), reply


def unknown(recipient: str) -> dict[str, str]:
    """Return addresses of a recipient's domain that nobody has."""
    local, domain = recipient.split("@")
    return {
        "unknown_recipient": f"no-such-user-here@{domain}",
        "unknown_recipient_extension": f"no-such-user-here+{local}@{domain}",
    }


def foreign(domain: str, outsider: str) -> dict[str, str]:
    """Return ways to write somebody else's address as if it were one of a domain."""
    user, elsewhere = outsider.split("@")
    return {
        "relay_without_auth": outsider,
        "relay_percent_hack": f"{user}%{elsewhere}@{domain}",
        "relay_source_route": f"@{domain}:{outsider}",
        "relay_bang_path": f"{elsewhere}!{user}@{domain}",
        "relay_quoted_local_part": f'"{outsider}"@{domain}',
        "relay_address_literal": f"{user}@[192.0.2.1]",
    }
