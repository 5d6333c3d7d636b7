"""Requests to Cloudflare's API (v4) by its own SDK: paced, repeated where that is safe, judged.

The SDK's retries are off: they would send a change again whose answer was lost, know nothing of the
pace, and ignore a Retry-After of more than a minute. Everything that the SDK or the system raises
leaves here as one of our errors.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Any

import cloudflare
import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from postwright.dns.errors import AmbiguousError, ProviderError, StalePlanError

from .cloudflare_batch import Batch
from .cloudflare_errors import Account, Judge, LostError, RefusedError, ThrottledError
from .pace import Clock, TokenBucket

ZONES_A_PAGE = 50
RECORDS_A_PAGE = 5_000_000
"""The most that a page may be asked to hold, by Cloudflare's OpenAPI schema."""

RATE, BURST = 3.6, 100
"""Requests a second and at once: at most 1,180 in any 300 s, where 1,200 are allowed
(developers.cloudflare.com/fundamentals/api/reference/limits). The dashboard counts, too."""

ATTEMPTS = 4
_NOBODY = "f" * 32

Json = dict[str, Any]


class Api:
    """One token; threads may share it."""

    def __init__(self, account: Account, bucket: TokenBucket, clock: Clock) -> None:
        self._account, self._bucket, self._clock = account, bucket, clock
        self._sdk = cloudflare.Cloudflare(
            api_token=account.token,
            base_url=account.url,
            max_retries=0,
            timeout=httpx.Timeout(account.timeout, connect=min(5.0, account.timeout)),
        )
        # From the environment, the SDK would take other credentials beside ours.
        self._sdk.api_email = self._sdk.api_key = self._sdk.user_service_key = None
        weakref.finalize(self, self._sdk.close)
        self._judge = Judge(account)

    def zones(self) -> list[Json]:
        """Return all zones that the token may see."""
        listed = self._sdk.zones.with_raw_response.list

        def ask(page: int) -> Any:
            return listed(page=page, per_page=ZONES_A_PAGE, order="name", direction="asc")

        return self._pages("the list of zones", ask)[0]

    def records(self, zone: str, identifier: str) -> list[Json]:
        """Return all records of a zone.

        Nearly always they come in one page. Of several, a record can slip from one to another
        while they are read, so they are read until they are twice the same.
        """
        listed = self._sdk.dns.records.with_raw_response.list

        def ask(page: int) -> Any:
            return listed(zone_id=identifier, page=page, per_page=RECORDS_A_PAGE, order="name")

        before: list[tuple[Any, Any]] | None = None
        for _ in range(ATTEMPTS):
            found, pages = self._pages(f"zone {zone}", ask)
            now = sorted((record["id"], record.get("modified_on")) for record in found)
            if pages == 1 or now == before:
                return found
            before = now
        raise ProviderError(
            f"dns_providers.{self._account.name}: the records of zone {zone} change while they are "
            "read",
            "see who changes them, and run again",
        )

    def batch(self, zone: str, identifier: str, batch: Batch) -> None:
        """Make the changes of a batch, all or none.

        Raises:
            StalePlanError: a record is not as it was; nothing was changed.
            AmbiguousError: whether they were made is not known.
            CredentialError, ProviderError: nothing was changed.
        """
        try:
            self._write(f"zone {zone}", identifier, batch)
        except RefusedError as error:
            if error.overtaken:
                raise StalePlanError(
                    f"{error.what}: somebody else changed the zone while this ran; nothing was "
                    "changed",
                    "run again: the plan is then made anew",
                ) from None
            raise
        except LostError as error:
            if error.sent:
                raise AmbiguousError(error.what, error.mend) from None
            raise

    def may_write(self, zone: str, identifier: str) -> None:
        """Prove that the token may change a zone's records, by deleting one that is not there.

        A batch is one transaction, so nothing is changed; who may write may read as well. The
        endpoint that verifies tokens says nothing of rights, and takes account-owned tokens for
        invalid.
        """
        try:
            self._write(f"zone {zone}", identifier, Batch(deletes=[_NOBODY]))
        except RefusedError as error:
            if not error.gone:
                raise

    def _write(self, what: str, identifier: str, batch: Batch) -> None:
        send = self._sdk.dns.records.with_raw_response.batch
        posts: Sequence[Any] = batch.posts
        deletes: Sequence[Any] = [{"id": each} for each in batch.deletes]
        self._patiently(
            what, lambda: send(zone_id=identifier, deletes=deletes, posts=posts), ThrottledError
        )

    def _pages(self, what: str, ask: Callable[[int], Any]) -> tuple[list[Json], int]:
        """Return what is on all pages, and how many those were."""
        found: dict[str, Json] = {}
        for page in count(1):
            answer = self._patiently(what, partial(ask, page), (LostError, ThrottledError))
            result = answer["result"]
            found |= {each["id"]: each for each in result}
            total = (answer.get("result_info") or {}).get("total_count", len(found))
            if not result or len(found) >= total:
                break
        return list(found.values()), page

    def _patiently(
        self,
        what: str,
        send: Callable[[], Any],
        again: type[Exception] | tuple[type[Exception], ...],
    ) -> Json:
        """Return an answer; what failed with `again` is sent again."""
        retrying = Retrying(
            retry=retry_if_exception_type(again),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.5, max=8),
            sleep=lambda seconds: self._clock.wait_until(self._clock.now() + seconds),
            reraise=True,
        )
        return retrying(self._once, what, send)

    def _once(self, what: str, send: Callable[[], Any]) -> Json:
        self._bucket.take()
        try:
            answer: Json = send().http_response.json()
        except cloudflare.APIStatusError as error:
            meant = self._judge.of_status(what, error)
            if isinstance(meant, ThrottledError):
                self._bucket.shut(meant.wait)
            raise meant from None
        except cloudflare.APIConnectionError as error:
            raise self._judge.of_connection(what, error) from None
        except ValueError:
            raise self._judge.lost(what, "half an answer, or none of its own") from None
        if not isinstance(answer, dict) or not answer.get("success"):
            raise self._judge.lost(what, "an answer without success or error")
        return answer
