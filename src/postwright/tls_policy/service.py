"""One look at a domain at a time, and a word in the journal on each change (role tls_policy)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from .decision import Decision, Mx, Route, by_dns, by_policy
from .lookup import Ask, ascii_name, route
from .policies import Known, Policies, UnknownPolicyError

# Of so many domains it is remembered what was decided last.
_REMEMBERED = 10_000


@dataclass(frozen=True)
class Judgement:
    """A decision with all that it rests on; `known` is None where MTA-STS was not asked."""

    domain: str
    route: Route
    known: Known | None
    decision: Decision


def judge(domain: str, ask: Ask, policies: Policies, reports: bool) -> Judgement:
    """Look at a domain and decide."""
    seen = route(ask, domain)
    if (decided := by_dns(seen)) is not None:
        return Judgement(domain, seen, None, decided)
    try:
        known = policies.of(domain, seen.secure)
    except UnknownPolicyError as error:
        held = Decision(f"TEMP {error}", "whether it has an MTA-STS policy cannot be learnt")
        return Judgement(domain, seen, None, held)
    return Judgement(domain, seen, known, by_policy(seen, domain, known.policy, reports))


def explained(judgement: Judgement) -> str:
    """Return a judgement as an operator reads it, a fact a line."""
    seen = judgement.route
    mx = "validated" if seen.secure else "not signed"
    lines = [
        judgement.domain,
        f"  MX       {mx if seen.mx is Mx.FOUND else seen.why or seen.mx.value}",
    ]
    for host in seen.hosts:
        lines.append(f"  TLSA     {host.name}: {host.why or host.tlsa.value}")
    if judgement.known is not None:
        lines.append(f"  MTA-STS  {judgement.known.why}")
    answer = judgement.decision.answer.strip()
    level = "smtp_tls_security_level, unchanged" if answer == "NOTFOUND" else answer
    return "\n".join([*lines, f"  Postfix  {level}", f"  because  {judgement.decision.why}"])


class Service:
    """Answers for many callers at once; those who ask for the same domain share one look."""

    def __init__(self, look: Callable[[str], Judgement], say: Callable[[str], None]) -> None:
        self.look, self.say = look, say
        self._lock = threading.Lock()
        self._running: dict[str, Future[Judgement]] = {}
        self._last: OrderedDict[str, str] = OrderedDict()

    def answer(self, request: str) -> str:
        """Return the answer to a socketmap request, `policy NEXT-HOP` or `explain DOMAIN`.

        Only a bare domain can have a policy: a next-hop in brackets or with a port is not looked
        up by MX, an operator set its level by hand; and a parent (`.example.com`) is none.
        """
        name, _, key = request.partition(" ")
        domain = None if key.startswith((".", "[")) or ":" in key else ascii_name(key)
        if domain is None:
            return "NOTFOUND "
        judgement = self.judgement(domain)
        return f"OK {explained(judgement)}" if name == "explain" else judgement.decision.answer

    def judgement(self, domain: str) -> Judgement:
        """Return what is decided for a domain; waits for a look that is under way."""
        with self._lock:
            running = self._running.get(domain)
            mine = running is None
            if running is None:
                running = self._running[domain] = Future()
        if mine:
            try:
                running.set_result(self.look(domain))
            except BaseException as error:
                running.set_exception(error)
                raise
            finally:
                with self._lock:
                    del self._running[domain]
            self._note(running.result())
        return running.result()

    def _note(self, judgement: Judgement) -> None:
        decision = judgement.decision
        with self._lock:
            changed = self._last.get(judgement.domain, "NOTFOUND ") != decision.answer
            self._last[judgement.domain] = decision.answer
            self._last.move_to_end(judgement.domain)
            if len(self._last) > _REMEMBERED:
                self._last.popitem(last=False)
        if changed:
            self.say(f"{judgement.domain}: {decision.answer.strip()} ({decision.why})")
