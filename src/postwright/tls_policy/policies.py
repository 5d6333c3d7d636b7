"""A domain's MTA-STS policy: kept, fetched when its id changes, refreshed (role tls_policy)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from .fetch import FetchError
from .lookup import Ask, Found
from .store import Kept, Store
from .sts import InvalidPolicyError, Policy, identifier, parsed

# Seconds. RFC 8461 3.3: not again within five minutes after a failed fetch; 5.1 and 10.2: a policy
# is fetched anew now and then, so that nobody who blocks it can outwait it.
RETRY = 300
REFRESH = 86400
# A policy that no mail asked for in so long is not refreshed any more.
UNUSED = 30 * 86400
# The time of last use is written down this often.
_USED = 86400


class UnknownPolicyError(Exception):
    """Whether there is a policy cannot be learnt now; the message says why."""


@dataclass(frozen=True)
class Known:
    """A domain's policy, if any, and where it comes from."""

    policy: Policy | None
    why: str


class Policies:
    """Policies by domain; calls for one domain come one at a time."""

    def __init__(
        self,
        ask: Ask,
        fetch: Callable[[str], str],
        store: Store,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.ask, self.fetch, self.store, self.now = ask, fetch, store, now
        self._failed: dict[str, tuple[str, float, str]] = {}

    def of(self, domain: str, signed: bool) -> Known:
        """Return a domain's policy.

        Raises:
            UnknownPolicyError: its TXT record cannot be had, none is kept, and its zone is
                signed. In an unsigned one who stops the answer could as well forge it.
        """
        kept = self.store.get(domain, self.now())
        if kept and self.now() - kept.used > _USED:
            self.store.put(kept := replace(kept, used=self.now()))
        reply = self.ask(f"_mta-sts.{domain}", "TXT")
        if reply.found is Found.FAILED:
            if kept is None and signed:
                raise UnknownPolicyError(reply.why)
            return _known(kept, reply.why)
        texts = [b"".join(record.strings).decode("ascii", "replace") for record in reply.records]
        wanted = identifier(texts)
        if wanted is None:
            return _known(kept, "there is no record of one")
        if kept and kept.id == wanted:
            return _known(kept, "")
        return self._fetched(domain, wanted, kept)

    def refresh(self) -> None:
        """Fetch anew what is a day old, and forget what is past its time."""
        now = self.now()
        self._failed = {k: v for k, v in self._failed.items() if now - v[1] < RETRY}
        for kept in self.store.all():
            if kept.expires <= now or now - kept.used > UNUSED:
                self.store.forget(kept.domain)
            elif now - kept.fetched > min(REFRESH, kept.policy.max_age / 2):
                self._fetched(kept.domain, kept.id, kept)

    def _fetched(self, domain: str, wanted: str, kept: Kept | None) -> Known:
        """Return the policy that stands there now, or else the one that is kept."""
        seen, when, why = self._failed.get(domain, ("", 0.0, ""))
        if seen == wanted and self.now() - when < RETRY:
            return _known(kept, why)
        try:
            policy = parsed(self.fetch(domain))
        except (FetchError, InvalidPolicyError) as error:
            self._failed[domain] = (wanted, self.now(), str(error))
            return _known(kept, str(error))
        self._failed.pop(domain, None)
        used = kept.used if kept else self.now()
        new = Kept(domain, wanted, policy, self.now(), used)
        self.store.put(new)
        return _known(new, "")


def _known(kept: Kept | None, why: str) -> Known:
    if kept is None:
        return Known(None, why)
    until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(kept.expires))
    said = f"mode {kept.policy.mode}, id {kept.id}, valid until {until}"
    return Known(kept.policy, f"{said}; {why}" if why else said)
