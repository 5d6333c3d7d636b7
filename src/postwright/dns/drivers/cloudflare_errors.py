"""What Cloudflare's refusals and silences mean, said so that the operator can mend it.

Cloudflare documents few of its codes. Most of those named here were seen in answers that public
reports quote; 7000, 9103, 9107, 10001, 81055 and 81056 could not be verified, and only sharpen what
is said. A code that is not among them is told as Cloudflare says it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import cloudflare
import httpx

from postwright.dns.errors import CredentialError, DnsError, NotServedError, ProviderError

LONGEST = 900.0
"""Seconds that are waited for at Cloudflare's request; the documented block is 300."""

# Codes of a bad token or one without the right; not all come with status 401 or 403.
_CREDENTIAL = {1000, 6003, 9103, 9106, 9107, 9109, 10000, 10001}
_TOO_MANY = {971, 10429}
_GONE = 81044
# What is refused because of a record that was not there when the zone was read.
_OVERTAKEN = {_GONE, 81053, 81054, 81055, 81056, 81057, 81058}
_UNKNOWN_ZONE = {7000, 7003}
# Nothing left this machine.
_UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True)
class Account:
    """A provider's settings; the token is never shown. `timeout` in seconds, of one request."""

    name: str
    url: str
    token: str = field(repr=False)
    timeout: float = 30


class LostError(ProviderError):
    """No usable answer came; `sent` is False where not even the request went."""

    def __init__(self, what: str, mend: str, *, sent: bool) -> None:
        super().__init__(what, mend)
        self.sent = sent


class ThrottledError(ProviderError):
    """The provider did not take the request: it came too soon, by `wait` seconds."""

    def __init__(self, what: str, mend: str, wait: float) -> None:
        super().__init__(what, mend)
        self.wait = wait


class RefusedError(ProviderError):
    """The provider took the request and refused it.

    `gone`: a record is not there. `overtaken`: the cause is a change of somebody else's.
    """

    def __init__(self, what: str, mend: str, status: int, code: int) -> None:
        super().__init__(what, mend)
        self.gone = code == _GONE or status == 404
        self.overtaken = self.gone or code in _OVERTAKEN


class Judge:
    """Says what an answer means, with the provider's name and never with the token."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._place = f"dns_providers.{account.name}"
        self._host = urlsplit(account.url).hostname or account.url

    def of_status(self, what: str, error: cloudflare.APIStatusError) -> DnsError:
        """Return what an answer with an error's status means."""
        status, (code, message) = error.status_code, self._said(error.body)
        said = f"{self._host} said {status}, code {code}: {message} ({what})"
        if status == 429 or code in _TOO_MANY:
            return ThrottledError(
                f"{self._place}: {said}",
                "wait five minutes; see what else uses the quota of the same Cloudflare user",
                _wait(error.response.headers.get("Retry-After")),
            )
        if status >= 500 or status == 408:
            return self.lost(what, f"{status}, code {code}: {message}")
        if code in _UNKNOWN_ZONE:
            return NotServedError(f"{self._place}: {said}", "see whether the zone is still there")
        if status in {401, 403} or code in _CREDENTIAL:
            return CredentialError(
                f"{self._place}.api_token was refused: {said}",
                "make a token with the permissions Zone Read and DNS Write for this zone "
                "(Cloudflare's dashboard, API tokens) and put it in the vault",
            )
        mend = "mend what it names, then run again"
        return RefusedError(f"{self._place}: {said}", mend, status, code)

    def of_connection(self, what: str, error: cloudflare.APIConnectionError) -> LostError:
        """Return what it means that no answer came."""
        cause = error.__cause__
        late = isinstance(cause, httpx.TimeoutException)
        reason = "no answer in time" if late else str(cause or error)
        return self.lost(what, reason, sent=not isinstance(cause, _UNSENT))

    def lost(self, what: str, reason: str, *, sent: bool = True) -> LostError:
        """Return the error of an answer that did not come, or says nothing."""
        return LostError(
            self._hidden(f"{self._place}: {self._host} gave no usable answer: {reason} ({what})"),
            "see that this machine reaches it, and www.cloudflarestatus.com; then run again",
            sent=sent,
        )

    def _said(self, body: object) -> tuple[int, str]:
        """Return the code and message of an answer, the innermost of a chain."""
        errors = body.get("errors") if isinstance(body, dict) else None
        code, said = 0, "no reason"
        while isinstance(errors, list) and errors and isinstance(errors[0], dict):
            first = errors[0]
            code, said = int(first.get("code") or 0), str(first.get("message"))
            errors = first.get("error_chain")
        return code, self._hidden(said)

    def _hidden(self, text: str) -> str:
        return text.replace(self._account.token, "(the token)")


def _wait(header: str | None) -> float:
    """Return the seconds of a Retry-After header; a minute where it says none."""
    try:
        return min(float(header or 60), LONGEST)
    except ValueError:
        return 60.0
