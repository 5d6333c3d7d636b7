"""An MTA-STS policy over HTTPS, as RFC 8461 3.3 has it fetched (role tls_policy)."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading

# RFC 8461 3.3 and 3.2 suggest a minute and 64 KiB; Postfix waits while we do.
SECONDS = 30
LARGEST = 64 * 1024
PATH = "/.well-known/mta-sts.txt"
# What main.cf trusts: smtp_tls_CAfile.
TRUSTED = "/etc/ssl/certs/ca-certificates.crt"


class FetchError(Exception):
    """There is no policy to be had; the message says why."""


def fetch(domain: str, seconds: float = SECONDS, trusted: str | None = TRUSTED) -> str:
    """Return the text at a domain's policy URL; redirects are not followed.

    Raises:
        FetchError: it cannot be had within so many seconds, or is nothing that may be used.
    """
    host = f"mta-sts.{domain}"
    trust = ssl.create_default_context(cafile=trusted)
    trust.minimum_version = ssl.TLSVersion.TLSv1_2
    connection = http.client.HTTPSConnection(host, timeout=seconds, context=trust)
    # A time-out is for each read: one octet at a time could take for ever.
    alarm = threading.Timer(seconds, _hang_up, (connection,))
    alarm.daemon = True
    alarm.start()
    try:
        connection.request("GET", PATH, headers={"User-Agent": "Postwright"})
        response = connection.getresponse()
        kind = response.headers.get_content_type()
        if response.status != http.HTTPStatus.OK:
            raise FetchError(f"https://{host}{PATH}: HTTP status {response.status}")
        if kind != "text/plain":
            raise FetchError(f"https://{host}{PATH}: its type is {kind}, not text/plain")
        body = response.read(LARGEST + 1)
    except ssl.SSLCertVerificationError as error:
        raise FetchError(f"https://{host}: {error.verify_message}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FetchError(f"https://{host}: {error or type(error).__name__}") from error
    finally:
        alarm.cancel()
        connection.close()
    if len(body) > LARGEST:
        raise FetchError(f"https://{host}{PATH}: longer than {LARGEST} octets")
    return body.decode("utf-8", "replace")


def _hang_up(connection: http.client.HTTPSConnection) -> None:
    # Gone already, or not yet connected: then connecting has the same time-out.
    if connection.sock is not None:
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
