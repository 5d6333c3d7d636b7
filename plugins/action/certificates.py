"""Judge on the controller where a host's certificates come from; bring it those that are given."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from ansible.errors import AnsibleError
from ansible_collections.postwright.mail.plugins.plugin_utils.on_controller import (
    OnController,
    failed,
)
from cryptography import x509

from postwright.certificates import Pem, Trouble, check_given, check_sources, read_root, url_of

FOLDER = "/etc/postwright/certificates"


class ActionModule(OnController):
    """The result names files and variables, and holds no key."""

    ARGUMENTS: ClassVar[dict[str, Any]] = {
        "wanted": {"type": "list", "elements": "dict", "default": []},
        "directory": {"type": "str", "default": ""},
        "eab_kid": {"type": "str", "default": ""},
        "eab_key": {"type": "str", "default": "", "no_log": True},
        "given": {"type": "dict", "default": {}, "no_log": True},
        "ca_file": {"type": "str", "default": ""},
        "install": {"type": "bool", "default": False},
    }

    def act(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Return `sources`, or the result of the module `daemon` where files were installed."""
        self._home = Path(variables.get("inventory_dir") or Path.cwd())
        try:
            given = {name: self._pem(name, said) for name, said in arguments["given"].items()}
            ca = self._text(arguments["ca_file"]) if arguments["ca_file"] else ""
        except AnsibleError as error:
            return failed(str(error.message))
        if arguments["install"]:
            return self._installed(given, variables)
        troubles = self._troubles(arguments, given, ca)
        if troubles:
            name = variables["inventory_hostname"]
            lines = [f"{name}: {trouble}" for trouble in troubles]
            return failed("\n".join(lines))
        return {
            "changed": False,
            "sources": {
                "directory": url_of(arguments["directory"]),
                "given": sorted(given),
                "ca": ca,
            },
        }

    def _troubles(self, arguments: dict[str, Any], given: dict[str, Pem], ca: str) -> list[Trouble]:
        wanted = {each["name"]: each["names"] for each in arguments["wanted"]}
        eab = (arguments["eab_kid"], arguments["eab_key"])
        troubles = [*check_sources(wanted, given, arguments["directory"], *eab)]
        roots = []
        if ca:
            root = read_root(f"certificates_ca_file, {arguments['ca_file']}", ca)
            (troubles if isinstance(root, Trouble) else roots).append(root)
        if given:
            trusted = ssl.create_default_context().get_ca_certs(binary_form=True)
            roots += [x509.load_der_x509_certificate(each) for each in trusted]
        now = datetime.now(UTC)
        for name in sorted(wanted.keys() & given.keys()):
            troubles += check_given(given[name], wanted[name], roots, now)
        return troubles

    def _pem(self, name: str, said: Any) -> Pem:
        where = f"certificates_given.{name}"
        if not isinstance(said, dict) or said.keys() != {"chain", "key"}:
            raise AnsibleError(f"{where}: it has to say `chain` and `key`, and nothing else")
        return Pem(
            *self._origin(f"{where}.chain", str(said["chain"])),
            *self._origin(f"{where}.key", str(said["key"])),
        )

    def _origin(self, variable: str, value: str) -> tuple[str, str]:
        """Return how errors name a value, and its text: PEM as it is, or that of a file."""
        if value.lstrip().startswith("-----BEGIN"):
            return variable, value
        return f"{variable}, {value}", self._text(value)

    def _text(self, name: str) -> str:
        """Return a file's text; a relative name counts from the inventory. A vault is opened."""
        path = self._home / name
        if not path.is_file():
            raise AnsibleError(f"{path}: there is no such file; a path counts from {self._home}")
        return str(self._loader.get_text_file_contents(str(path)))

    def _installed(self, given: dict[str, Pem], variables: dict[str, Any]) -> dict[str, Any]:
        files = [
            {
                "dest": f"{FOLDER}/{name}/{file}",
                "content": text.strip() + "\n",
                "mode": "0600",
                "secret": secret,
            }
            for name, pem in sorted(given.items())
            for file, text, secret in (
                ("privkey.pem", pem.key, True),
                ("fullchain.pem", pem.chain, False),
            )
        ]
        folders = [FOLDER, *(f"{FOLDER}/{name}" for name in sorted(given))]
        made: dict[str, Any] = self._execute_module(
            module_name="postwright.mail.daemon",
            module_args={
                "files": files,
                "directories": [{"path": folder, "mode": "0700"} for folder in folders],
            },
            task_vars=variables,
        )
        return made
