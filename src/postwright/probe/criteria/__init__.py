"""Internet.nl's criteria for mail, restated; this package runs on the controller.

`table` says what is asked, `gather` finds the facts, the other modules judge them.
"""

from .facts import DomainFacts, Verdict
from .gather import gather
from .judge import judge, judge_port
from .table import CRITERIA, LEFT_OUT, Category, Criterion

__all__ = [
    "CRITERIA",
    "LEFT_OUT",
    "Category",
    "Criterion",
    "DomainFacts",
    "Verdict",
    "gather",
    "judge",
    "judge_port",
]
