"""Documentation of the action of the same name, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: listed_dkim_keys
short_description: Which waiting DKIM keys every authoritative server lists
description:
  - Asks each server of each domain's zone for the keys that nothing is signed with yet. Such a key
    may sign when all of them have listed it for as long as its absence is remembered.
  - A domain of which a server does not answer is left out, with a warning. Its old key signs on.
options:
  keys:
    description: The keys by domain, as the module C(dkim_keys) returns them.
    type: dict
    required: true
author: The Postwright authors
"""

EXAMPLES = r"""
- name: Each authoritative server is asked for the new DKIM keys
  postwright.mail.listed_dkim_keys:
    keys: "{{ dkim_keys }}"
"""

RETURN = r"""
listed:
  description: By domain, the C(selectors) and the C(ttl) of negative answers, in seconds.
  type: dict
  returned: success
"""
