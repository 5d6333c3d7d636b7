"""Run on a mail host by test_relays: log in at a relay as Postfix does, and say what hinders it.

Arguments: host, port, `implicit` or `starttls`, and the keys of the logins in the table, which
are read here, so that no password stands on any command line. Prints one line for each problem.
"""

import smtplib
import ssl
import sys

TABLE = "/etc/postfix/relay_passwords"
# What main.cf trusts: smtp_tls_CAfile.
TRUSTED = "/etc/ssl/certs/ca-certificates.crt"
SECONDS = 20


def logins(keys: list[str]) -> dict[str, tuple[str, str]]:
    """Return (user, password) by user for the keys of the table."""
    found = {}
    with open(TABLE, encoding="utf-8") as table:  # noqa: PTH123 (it may run where pathlib is old)
        for line in table:
            key, _, value = line.rstrip("\n").partition("\t")
            if key in keys:
                user, _, password = value.partition(":")
                found[user] = (user, password)
    return found


def trouble(host: str, port: int, implicit: bool, login: tuple[str, str]) -> str:
    """Return what hinders a login, or nothing."""
    trust = ssl.create_default_context(cafile=TRUSTED)
    trust.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if implicit:
            session = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=trust)
        else:
            session = smtplib.SMTP(host, port, timeout=SECONDS)
        with session:
            if not implicit:
                session.starttls(context=trust)
            session.login(*login)
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not good: {error.verify_message}"
    except smtplib.SMTPAuthenticationError as error:
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        return f"it refuses our login: {error.smtp_code} {text}"
    except smtplib.SMTPException as error:
        return f"it does not serve us: {error}"
    except OSError as error:
        return f"it cannot be reached: {error}"
    return ""


def main() -> None:
    """Try every login."""
    host, port, tls, *keys = sys.argv[1:]
    found = logins(keys)
    if not found:
        print(f"{TABLE} has no login for it")
    for login in found.values():
        if said := trouble(host, int(port), tls == "implicit", login):
            print(said)


if __name__ == "__main__":
    main()
