"""DNS: what the inventory wants is planned, reviewed, applied and proven, and nothing else touched.

`desired` turns the inventory into wants, `places` finds their zones, `planner` compares a zone with
them, `apply` makes a plan true through a driver, `answers` asks the zone's own servers. Every kind
of record is listed in `catalog`.
"""

from .answers import Authorities, Waiting
from .carry import carry_out
from .claims import Kind, Phase
from .desired import desired
from .dkim_keys import ListedSelectors, listed_selectors
from .drivers import drivers
from .errors import DnsError
from .facts import DkimKey, HostFacts, Known
from .known import hosts_said
from .look import resolver_look, unanswered
from .plan import Guards, Plan
from .run import (
    Order,
    Planned,
    check,
    check_caa,
    make_plans,
    owned,
    probe,
    prove_announced,
    prove_published,
    publish,
)
from .stages import make_stages, refusals
from .tls_keys import ListedKeys, listed_keys

__all__ = [
    "Authorities",
    "DkimKey",
    "DnsError",
    "Guards",
    "HostFacts",
    "Kind",
    "Known",
    "ListedKeys",
    "ListedSelectors",
    "Order",
    "Phase",
    "Plan",
    "Planned",
    "Waiting",
    "carry_out",
    "check",
    "check_caa",
    "desired",
    "drivers",
    "hosts_said",
    "listed_keys",
    "listed_selectors",
    "make_plans",
    "make_stages",
    "owned",
    "probe",
    "prove_announced",
    "prove_published",
    "publish",
    "refusals",
    "resolver_look",
    "unanswered",
]
