"""The options that the verbs of `postwright dns` share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .plan import Guards


class Format(StrEnum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


Sources = Annotated[
    list[Path],
    typer.Option(
        "--inventory", "-i", exists=True, envvar="ANSIBLE_INVENTORY", show_default=False,
        help="The inventory, as for ansible-playbook.",
    ),
]  # fmt: skip
VaultFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--vault-password-file",
        help="A file with the vault's password; also ANSIBLE_VAULT_PASSWORD_FILE.",
    ),
]
AskVault = Annotated[bool, typer.Option("--ask-vault-pass", help="Ask for the vault's password.")]
Facts = Annotated[
    Path | None,
    typer.Option(
        "--facts", "--dkim", show_default=False,
        help="The hosts' public keys, as the playbook wrote them (-e facts_file=FILE). Without "
        "it, the keys that DNS holds stay.",
    ),
]  # fmt: skip
Output = Annotated[Format, typer.Option("--format", "-f", help="How the result is printed.")]
Adopt = Annotated[
    list[str] | None,
    typer.Option(help="A name whose values in our places become ours. May be repeated."),
]
RetireZones = Annotated[
    list[str] | None,
    typer.Option(
        "--retire-zone",
        help="A zone in which nothing is wanted any more; what is ours there is retired.",
    ),
]
MaxDeletions = Annotated[int, typer.Option(min=0, help="How many of our records a zone may lose.")]
MaxPercent = Annotated[
    int,
    typer.Option(
        "--max-deletion-percent", min=0, max=100,
        help="Which share of our records a zone may lose, from the fourth deletion on.",
    ),
]  # fmt: skip
MaxZones = Annotated[
    int, typer.Option("--max-deletion-zones", min=0, help="How many zones may lose records.")
]
DEFAULTS = Guards()
