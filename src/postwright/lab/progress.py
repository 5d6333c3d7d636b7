"""Show what the lab does, for which host, and how long it has taken."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn

console = Console(stderr=True, highlight=False)


class Board:
    """One line per host: live on a terminal, one line per step elsewhere."""

    def __init__(self, progress: Progress) -> None:
        """Start the clock."""
        self._progress = progress
        self._started = time.monotonic()
        self._tasks: dict[str, TaskID] = {}

    def for_host(self, name: str) -> Callable[[str], None]:
        """What a step calls to say what it does for a host."""
        return lambda text: self.say(name, text)

    def say(self, name: str, text: str) -> None:
        """A host enters a step."""
        seconds = time.monotonic() - self._started
        if not console.is_terminal:
            console.print(f"[lab] {seconds:5.1f} s  {name:<7} {text}", markup=False, soft_wrap=True)
            return
        shown = f"[bold]{name:<7}[/] {text} [dim](since {seconds:.1f} s)[/]"
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(shown, total=1)
        self._progress.update(self._tasks[name], description=shown, completed=0)

    def done(self, name: str, text: str) -> None:
        """A host has arrived."""
        self.say(name, text)
        if name in self._tasks:
            self._progress.update(self._tasks[name], completed=1)


@contextmanager
def board() -> Iterator[Board]:
    """A board for the time of one command."""
    columns = (SpinnerColumn(finished_text="[green]✓[/]"), TextColumn("{task.description}"))
    with Progress(*columns, console=console) as progress:
        yield Board(progress)
