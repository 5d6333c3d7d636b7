"""scripts/lab: the verbs."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from postwright.lab import claims, lifecycle, machine
from postwright.lab.errors import LabError
from postwright.lab.plan import NAMES, Host, Lab
from postwright.lab.progress import console

CHECKOUT = Path(__file__).resolve().parents[3]
app = typer.Typer(
    help="The built-in lab: six real Debian hosts on a private network of this machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _fail(error: LabError) -> typer.Exit:
    console.print(f"lab: {error}", style="red", markup=False, soft_wrap=True)
    return typer.Exit(1)


def _lab() -> Lab:
    lab = claims.find(CHECKOUT)
    if lab is None:
        raise _fail(LabError("this checkout has no lab yet; `scripts/lab up` makes it"))
    return lab


def _known(name: str) -> str:
    if name not in NAMES:
        raise typer.BadParameter(f"no such host; the lab has {', '.join(NAMES)}")
    return name


HostName = Annotated[str, typer.Argument(callback=_known, metavar="HOST")]


@app.command()
def up() -> None:
    """Bring all hosts up, making what is missing. A second run takes seconds."""
    try:
        lifecycle.up(CHECKOUT)
    except LabError as error:
        raise _fail(error) from None


@app.command()
def down() -> None:
    """Stop all hosts and remove the network; disks stay."""
    try:
        lifecycle.down(CHECKOUT)
    except LabError as error:
        raise _fail(error) from None


@app.command()
def destroy() -> None:
    """Stop all hosts and delete their disks and keys; the machine's image cache stays."""
    try:
        lifecycle.destroy(CHECKOUT)
    except LabError as error:
        raise _fail(error) from None


@app.command()
def reset(hosts: Annotated[list[str], typer.Argument(metavar="HOST...")]) -> None:
    """Give hosts a new disk and boot them."""
    for name in hosts:
        _known(name)
    try:
        lifecycle.reset(CHECKOUT, hosts)
    except LabError as error:
        raise _fail(error) from None


@app.command()
def status() -> None:
    """Show every host; exits 0 only while all of them run."""
    lab = _lab()
    states = {host.name: machine.state(host) for host in lab.hosts.values()}
    table = Table("host", "release", "state", "IPv4", "IPv6", box=None)
    for host in lab.hosts.values():
        shown = states[host.name]
        colour = "green" if shown == "running" else "yellow" if shown in machine.READY else "red"
        addresses = (str(host.ipv4.ip), str(host.ipv6.ip))
        table.add_row(host.name, host.spec.release, f"[{colour}]{shown}[/]", *addresses)
    Console().print(table)
    if any(shown not in machine.READY for shown in states.values()):
        raise typer.Exit(1)


@app.command("exec", context_settings={"ignore_unknown_options": True})
def execute(
    host: HostName, command: Annotated[list[str], typer.Argument(metavar="CMD...")]
) -> None:
    """Run a command in a host: `lab exec HOST -- CMD...`."""
    target: Host = _lab().hosts[host]
    try:
        words = machine.enter(target, command)
    except LabError as error:
        raise _fail(error) from None
    os.execvpe(words[0], words, machine.environment())  # noqa: S606 - the command, in our place


@app.command()
def hosts() -> None:
    """Print all hosts as JSON."""
    try:
        print(json.dumps(json.loads((CHECKOUT / ".lab/lab.json").read_text())["hosts"], indent=2))
    except OSError:
        raise _fail(LabError("this checkout has no lab yet; `scripts/lab up` makes it")) from None
