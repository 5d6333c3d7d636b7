"""Documentation of the action of the same name, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: testinfra
short_description: A host passes its tests, run from the controller
description:
  - Runs pytest with testinfra against the host of the task, over a connection like Ansible's own.
    The tests know the model without its secrets.
options:
  tests:
    description: The folder of tests.
    type: path
    required: true
author: The Postwright authors
"""

EXAMPLES = r"""
- name: Tests inside the host pass
  postwright.mail.testinfra:
    tests: tests/host
"""

RETURN = r"""
tests:
  description: Each test with C(test), C(ok) and C(seen).
  type: list
  elements: dict
  returned: always
"""
