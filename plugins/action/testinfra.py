"""Run pytest with testinfra on the controller against one host, over Ansible's own connection."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ansible.plugins.action import ActionBase
from ansible.utils.path import unfrackpath
from ansible_collections.postwright.mail.plugins.plugin_utils.on_controller import write_down

from postwright.model import load_from_ansible, mail_for_verify
from postwright.report import Entry


class ActionModule(ActionBase):
    """The tests see the model without its secrets, so they need no vault password."""

    _requires_connection = False

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return `tests`, each with its name, whether it passed and what it said."""
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        name = variables["inventory_hostname"]
        model = mail_for_verify(load_from_ansible(variables, self._templar))["hosts"][name]
        with tempfile.TemporaryDirectory(prefix="postwright-") as folder:
            home = Path(folder)
            (home / "mail.json").write_text(json.dumps(model), encoding="utf-8")
            (home / "ssh_config").write_text(self._ssh_config(name), encoding="utf-8")
            user = self._play_context.remote_user or ""
            done = subprocess.run(
                [sys.executable, "-m", "pytest", str(self._task.args["tests"]), "-q", "--no-header",
                 "-p", "no:cacheprovider", f"--hosts=ssh://{name}",
                 f"--ssh-config={home / 'ssh_config'}", f"--junitxml={home / 'junit.xml'}",
                 *([] if user in {"", "root"} else ["--sudo"])],
                env={**os.environ, "POSTWRIGHT_MAIL": str(home / "mail.json"),
                     "POSTWRIGHT_HOST": json.dumps(variables["preflight_host"])},
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            tests = self._tests(home / "junit.xml", name)
        entries = [
            Entry(part="inside", subject=name, check=t["test"], promise=t["test"], **t)
            for t in tests
        ]
        write_down(self, variables, entries)
        wrong = [test for test in tests if not test["ok"]]
        result |= {
            "changed": False,
            "tests": tests,
            "msg": f"{len(tests) - len(wrong)} of {len(tests)} tests inside {name} passed",
        }
        if wrong:
            lines = [f"- {test['test']}: {test['seen']}" for test in wrong]
            result |= {"failed": True, "msg": "\n".join([f"{result['msg']}; failed:", *lines])}
        elif done.returncode or not tests:
            result |= {"failed": True, "msg": done.stdout[-2000:] + done.stderr[-2000:]}
        return result

    def _ssh_config(self, name: str) -> str:
        """Return an ssh_config(5) that connects as Ansible's own connection does."""
        option = self._connection.get_option
        words = {
            "HostName": option("host"),
            "User": option("remote_user"),
            "Port": option("port"),
            "IdentityFile": option("private_key_file"),
        }
        lines = [f"  {key} {value}" for key, value in words.items() if value]
        extra = f"{option('ssh_common_args') or ''} {option('ssh_extra_args') or ''}".split()
        lines += [f"  {word.replace('=', ' ', 1)}" for word in extra if "=" in word]
        sockets = Path(unfrackpath(option("control_path_dir")))
        sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = sockets / "postwright-%C"
        share = f"  ControlMaster auto\n  ControlPath {path}\n  ControlPersist 60"
        return "\n".join([f"Host {name}", *lines, share, ""])

    @staticmethod
    def _tests(report: Path, host: str) -> list[dict[str, Any]]:
        if not report.exists():
            return []
        cases = ElementTree.parse(report).getroot().iter("testcase")  # noqa: S314 (our own file)
        return [
            {
                "test": _said(case.attrib["name"], host),
                "seconds": float(case.attrib.get("time", 0)),
                "ok": not (bad := [c for c in case if c.tag in {"failure", "error"}]),
                "seen": bad[0].attrib.get("message", "")[:400] if bad else "",
            }
            for case in cases
        ]


def _said(name: str, host: str) -> str:
    """Return a test's name as words; of its parameters, not the host that testinfra adds."""
    words, _, parameters = name.rstrip("]").partition("[")
    said = words.removeprefix("test_").replace("_", " ")
    rest = parameters.removeprefix(f"ssh://{host}").lstrip("-")
    return f"{said}: {rest}" if rest else said
