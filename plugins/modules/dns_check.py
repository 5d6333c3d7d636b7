"""Documentation of the action of the same name, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dns_check
short_description: What everybody sees in DNS is what the inventory wants
description:
  - Asks every authoritative server of every zone over IPv4 and IPv6, and a validating resolver;
    compares the records, the delegation, DNSSEC, SPF's look-ups, DKIM's key records, the names of
    addresses, and blocklists. No provider's credentials are needed.
  - Fails where an error was found; warnings are shown.
options:
  blocklists:
    description: Whether the blocklists are asked too.
    type: bool
    default: true
author: The Postwright authors
"""

EXAMPLES = r"""
- name: DNS says what the inventory wants
  postwright.mail.dns_check:
"""

RETURN = r"""
findings:
  description: What was found, each with C(id), C(severity), C(subject), C(seen), C(mend) and
    C(source).
  type: list
  elements: dict
  returned: always
"""
