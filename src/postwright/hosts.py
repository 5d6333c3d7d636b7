"""Asking mail hosts: through Ansible, as the playbooks reach them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from postwright.dns.errors import DnsError


def ask(
    sources: Sequence[Path],
    vault_files: Sequence[Path],
    hosts: str,
    module: str,
    arguments: Mapping[str, object],
) -> dict[str, dict[str, Any]]:
    """Run a module on hosts (a pattern of Ansible's) at once; return what each said, by host.

    Raises:
        DnsError: Ansible asked nobody.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [
            str(Path(sys.executable).with_name("ansible")), hosts, "--become",
            *[word for source in sources for word in ("-i", str(source))],
            *[word for file in vault_files for word in ("--vault-password-file", str(file))],
            "--tree", folder, "-m", module, "-a", json.dumps(arguments),
        ]  # fmt: skip
        done = subprocess.run(command, text=True, capture_output=True, check=False)
        told = {file.name: json.loads(file.read_text()) for file in Path(folder).iterdir()}
    if not told:
        raise DnsError((done.stdout + done.stderr).strip(), "mend that, then ask again")
    return dict(sorted(told.items()))
