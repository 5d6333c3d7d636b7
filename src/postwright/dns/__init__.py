"""DNS: what the inventory wants is planned, reviewed, applied and proven, and nothing else touched.

`desired` turns the inventory into wants, `places` finds their zones, `planner` compares a zone with
them, `apply` makes a plan true through a driver, `answers` asks the zone's own servers. Every kind
of record is listed in `catalog`.
"""

from .answers import Authorities, Waiting
from .claims import Phase
from .desired import desired, drivers
from .errors import DnsError
from .facts import DkimKey, HostFacts
from .look import answered, resolver_look
from .plan import Guards, Plan
from .run import (
    Order,
    Planned,
    check,
    check_caa,
    make_plans,
    probe,
    prove_announced,
    prove_published,
    publish,
)

__all__ = [
    "Authorities",
    "DkimKey",
    "DnsError",
    "Guards",
    "HostFacts",
    "Order",
    "Phase",
    "Plan",
    "Planned",
    "Waiting",
    "answered",
    "check",
    "check_caa",
    "desired",
    "drivers",
    "make_plans",
    "probe",
    "prove_announced",
    "prove_published",
    "publish",
    "resolver_look",
]
