"""Find the files of a Python package that a role carries from the controller to a host."""

from __future__ import annotations

DOCUMENTATION = r"""
name: distribution
short_description: The files of an installed Python distribution, for the module daemon
description:
  - Lists the modules of a pure Python distribution of the controller's environment, and the two
    files by which importlib.metadata knows it, as C(src) and C(dest).
  - The version is none of the paths, so that another version replaces the one before.
options:
  to:
    description: The directory on the host, to be named in PYTHONPATH there.
    required: true
    type: path
  _terms:
    required: true
    description: The names of the distributions.
author: The Postwright authors
"""

EXAMPLES = r"""
- name: The program is on the host
  postwright.mail.daemon:
    files: "{{ lookup('postwright.mail.distribution', 'tlsrpt-reporter', to='/usr/local/lib/x') }}"
"""

RETURN = r"""
_raw:
  description: For each file C(src), on the controller, and C(dest), on the host.
  type: list
  elements: dict
"""

from collections.abc import Sequence
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from postwright.distribution import NotInstalledError, files


class LookupModule(LookupBase):
    """Paths only; the action plugin `daemon` reads the files."""

    def run(
        self, terms: Sequence[str], variables: dict[str, Any] | None = None, **options: Any
    ) -> list[list[dict[str, str]]]:
        """Return one list of files for each distribution.

        Raises:
            AnsibleError: the controller's environment lacks it.
        """
        self.set_options(var_options=variables, direct=options)
        try:
            return [files(name, self.get_option("to")) for name in terms]
        except NotInstalledError as error:
            raise AnsibleError(str(error)) from None
