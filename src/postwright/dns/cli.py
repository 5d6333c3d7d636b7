"""DNS for CI and for people at a terminal: plan, apply, check, export.

Exit status: 0 nothing to do, 2 changes or drift, 1 an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from postwright.model import Inventory

from . import export as exports
from . import known, saved, views
from .answers import Authorities, Waiting
from .carry import carry_out
from .claims import Phase
from .cli_check import check
from .console import progress, say, show
from .desired import desired
from .drivers import Driver, drivers
from .edge import CHANGES, errors_told, load
from .errors import DnsError
from .facts import Known
from .look import resolver_look
from .options import (
    DEFAULTS,
    Adopt,
    AskVault,
    Facts,
    Format,
    MaxDeletions,
    MaxPercent,
    MaxZones,
    Output,
    RetireZones,
    Sources,
    VaultFiles,
)
from .plan import Guards
from .run import Order
from .show import record
from .stages import Stage, Staged, make_stages, refusals
from .views import View

app = typer.Typer(no_args_is_help=True, help=__doc__)


def planned(
    inventory: Inventory, made: Mapping[str, Driver], facts: Path | None, order: Order
) -> Staged:
    """Return the plans of both stages."""
    said = known.read(facts) if facts else Known()
    wanted = desired(inventory, said.dkim, said.hosts)
    return make_stages(made, wanted, order, resolver_look(inventory.resolvers))


def view_of(staged: Staged, guards: Guards) -> View:
    """Return what is shown of the plans."""
    manual = [record(want) for want in staged.announce.manual]
    return View(staged.stages, staged.notes, manual, _refused(staged.stages, guards))


def printed(view: View, output: Format) -> None:
    """Print the plans on standard output."""
    if output is Format.TEXT:
        show(view, Console())
    else:
        text = (
            views.markdown(view) if output is Format.MARKDOWN else views.to_json(views.data(view))
        )
        typer.echo(text.rstrip("\n"))


@app.command()
def plan(
    inventory: Sources,
    vault_password_file: VaultFiles = None,
    ask_vault_pass: AskVault = False,
    facts: Facts = None,
    out: Annotated[Path | None, typer.Option(help="Save the plan, for `apply FILE`.")] = None,
    output: Output = Format.TEXT,
    adopt: Adopt = None,
    retire_zone: RetireZones = None,
    max_deletions: MaxDeletions = DEFAULTS.deletions,
    max_deletion_percent: MaxPercent = DEFAULTS.percent,
    max_deletion_zones: MaxZones = DEFAULTS.zones,
) -> None:
    """Show what would change, and change nothing."""
    with errors_told():
        found = load(inventory, vault_password_file, ask_vault_pass, True)
        order = _order(found, adopt, retire_zone)
        staged = planned(found, drivers(found), facts, order)
        guards = Guards(max_deletions, max_deletion_percent, max_deletion_zones)
        view = view_of(staged, guards)
        printed(view, output)
        if out:
            saved.save(out, found.owner, staged.stages)
    raise typer.Exit(_status(view))


@app.command()
def apply(
    inventory: Sources,
    file: Annotated[
        Path | None,
        typer.Argument(help="A plan of `plan --out FILE`; applied exactly, or refused."),
    ] = None,
    vault_password_file: VaultFiles = None,
    ask_vault_pass: AskVault = False,
    facts: Facts = None,
    output: Output = Format.TEXT,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: Annotated[
        int, typer.Option(min=0, help="Seconds that the servers get to answer rightly.")
    ] = 300,
    adopt: Adopt = None,
    retire_zone: RetireZones = None,
    max_deletions: MaxDeletions = DEFAULTS.deletions,
    max_deletion_percent: MaxPercent = DEFAULTS.percent,
    max_deletion_zones: MaxZones = DEFAULTS.zones,
) -> None:
    """Apply a saved plan, or plan, ask, and apply that."""
    with errors_told():
        found = load(inventory, vault_password_file, ask_vault_pass, True)
        made = drivers(found)
        guards = Guards(max_deletions, max_deletion_percent, max_deletion_zones)
        if file:
            kept = saved.read(file)
            saved.refuse_other(kept, found.owner, made)
            view = View(kept.stages, refused=_refused(kept.stages, guards))
        else:
            order = _order(found, adopt, retire_zone)
            view = view_of(planned(found, made, facts, order), guards)
        printed(view, output)
        if not view.changed or view.refused:
            raise typer.Exit(1 if view.refused else 0)
        if not (file or yes or _agreed()):
            raise typer.Exit(CHANGES)
        with progress(Console(stderr=True)) as shown:
            waiting = Waiting(timeout=wait, progress=shown)
            authorities = Authorities(found.resolvers)
            servers = carry_out(made, view.stages, found.owner, authorities, waiting)
        say(f"done; answered by {', '.join(servers)}")


@app.command()
def export(
    inventory: Sources,
    vault_password_file: VaultFiles = None,
    ask_vault_pass: AskVault = False,
    facts: Facts = None,
    directory: Annotated[
        Path | None, typer.Option("--out", help="Write ZONE.zone files there, one a zone.")
    ] = None,
) -> None:
    """Print what should be published, as zone files; nothing is changed."""
    with errors_told():
        found = load(inventory, vault_password_file, ask_vault_pass, True)
        staged = planned(found, drivers(found), facts, _order(found, None, None))
        texts = exports.zone_texts(staged)
        if directory:
            directory.mkdir(parents=True, exist_ok=True)
            for zone, text in texts.items():
                (directory / f"{zone}.zone").write_text(text, encoding="utf-8")
        else:
            typer.echo("\n".join(texts.values()).rstrip("\n"))
        if staged.announce.manual:
            text = exports.manual_text(staged.announce.manual)
            typer.echo(text.rstrip("\n"), err=directory is None)


app.command()(check)


def _order(inventory: Inventory, adopt: Adopt, retire_zones: RetireZones) -> Order:
    names = frozenset(name.lower().rstrip(".") for name in adopt or ())
    return Order(inventory.owner, Phase.ANNOUNCE, names, tuple(retire_zones or ()))


def _refused(stages: tuple[Stage, ...], guards: Guards) -> list[str]:
    return [str(error) for error in refusals(stages, guards)]


def _status(view: View) -> int:
    if view.refused:
        return 1
    return CHANGES if view.changed else 0


def _agreed() -> bool:
    """Ask on standard error: standard output is the plan's."""
    if not typer.get_text_stream("stdin").isatty():
        raise DnsError(
            "nobody can be asked whether to apply this",
            "say --yes, or save the plan (plan --out FILE) and apply that file",
        )
    return typer.confirm("Apply this?", err=True)
