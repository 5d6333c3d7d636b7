"""What a person sees of a run: colour on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from . import views
from .views import View

COLOURS = {"+": "green", "-": "red", " ": "dim"}
# Lines of a job's log that say no more than that it still waits.
_QUIET_SECONDS = 15.0


def show(view: View, console: Console) -> None:
    """Print the plans, and what has to be known beside them."""

    def line(text: str, style: str = "") -> None:
        console.print(Text(text, style=style), soft_wrap=True)

    for stage in view.stages:
        for plan in stage.changing:
            line(f"{plan.zone} ({plan.provider}), {stage.phase}", "bold")
            for mark, text in views.diff(plan):
                line(f"  {mark} {text}", COLOURS[mark])
    for note in view.all_notes:
        line(f"note: {note}", "yellow")
    if view.manual:
        line("No provider of the inventory serves these; ask whoever does:", "yellow")
        for record in view.manual:
            line(f"  {record}")
    for reason in view.refused:
        line(f"refused: {reason}", "bold red")
    line(views.summary(view), "bold")


def say(text: str, style: str = "") -> None:
    """Print a line on standard error: standard output is the result's."""
    Console(stderr=True).print(Text(text, style=style), soft_wrap=True)


@contextmanager
def progress(console: Console) -> Iterator[Callable[[str], None]]:
    """Give a function that shows what is waited for: one live line, or a line now and then."""
    if console.is_terminal:
        with console.status("starts") as status:
            yield lambda text: status.update(Text(text))
        return
    last = -_QUIET_SECONDS

    def now_and_then(text: str) -> None:
        nonlocal last
        if time.monotonic() - last >= _QUIET_SECONDS:
            last = time.monotonic()
            console.print(Text(text), soft_wrap=True)

    yield now_and_then
