"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: model
short_description: A mail host has the typed value that all templates print from
description:
  - Derives the fact C(mail) of the host from the inventory. The class C(Mail) in
    C(src/postwright/model/derive.py) says what is in it.
  - Runs on the controller; the host is not contacted. The output is hidden, as with
    C(no_log), because the fact holds password hashes; later tasks and plays can use it.
options: {}
author: The Postwright authors
"""

EXAMPLES = r"""
- name: The host is described by the inventory
  postwright.mail.model:

- name: The host has its full name
  ansible.builtin.hostname:
    name: "{{ mail.host.hostname }}"
"""

RETURN = r"""
ansible_facts:
  description: Holds C(mail), all that the host needs to know of the inventory.
  type: dict
  returned: success
"""
