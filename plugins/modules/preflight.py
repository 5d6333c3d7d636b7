"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight
short_description: The inventory is judged before any host is contacted
description:
  - Checks the variables of the group C(mail_hosts) (C(mail_domains), C(dns_providers) and each
    host's C(mail_hostname), C(mail_ipv4) and C(mail_ipv6)) as a whole, and fails with every problem
    at once, each with file, line, key, value, what is wrong and how to mend it.
  - Runs on the controller; no host is contacted and nothing is changed. Secrets are never shown.
options: {}
author: The Postwright authors
"""

EXAMPLES = r"""
- name: The inventory is judged before any host is contacted
  hosts: localhost
  tasks:
    - name: The inventory describes domains that can be served
      postwright.mail.preflight:
"""

RETURN = r"""
problems:
  description: What is wrong, each with C(file), C(line), C(key), C(value), C(message) and C(mend).
  type: list
  elements: dict
  returned: always
domains:
  description: The mail domains, as A-labels.
  type: list
  elements: str
  returned: success
hosts:
  description: The mail hosts, by inventory name.
  type: list
  elements: str
  returned: success
"""
