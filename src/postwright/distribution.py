"""The files of a Python package that a role carries from the controller to a host."""

from __future__ import annotations

from importlib.metadata import Distribution, PackageNotFoundError, PackagePath, distribution

# By these importlib.metadata knows a package and its entry points.
_DESCRIPTIONS = {"METADATA", "entry_points.txt"}


class NotInstalledError(Exception):
    """The environment lacks a package; the message says how to mend it."""


def files(name: str, to: str) -> list[dict[str, str]]:
    """Return the modules of a pure Python package, and what describes it, as `src` and `dest`.

    `to` is the directory on the host. The version is none of the paths below it, so that another
    version replaces the one before.

    Raises:
        NotInstalledError: this environment lacks it.
    """
    try:
        found = distribution(name)
    except PackageNotFoundError:
        raise NotInstalledError(
            f"the Python package {name} is not installed where Ansible runs: run `make setup`"
        ) from None
    return [
        {"src": str(found.locate_file(path)), "dest": f"{to}/{place}"}
        for path in sorted(found.files or [])
        if (place := _place(found, path))
    ]


def _place(found: Distribution, path: PackagePath) -> str | None:
    """Return where a file belongs below the directory; None where the host needs it not."""
    if path.name in _DESCRIPTIONS and path.parent.suffix == ".dist-info":
        return f"{found.metadata['Name'].replace('-', '_')}.dist-info/{path.name}"
    return str(path) if path.suffix == ".py" else None
