"""Documentation of the action of the same name, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: listed_keys
short_description: Which TLS keys of a mail host every authoritative server lists
description:
  - Asks each server of the host's zone for the TLSA records of port 25, and tells the keys that all
    of them list. A new key may be served when that was so for as long as older answers are cached.
  - Fails where a server does not answer, or warns where that is not O(needed).
options:
  hostname:
    description: The mail host's name in DNS.
    type: str
    required: true
  needed:
    description: Whether what comes next needs to know it.
    type: bool
    default: true
author: The Postwright authors
"""

EXAMPLES = r"""
- name: Each authoritative server is asked for the host's TLSA records
  postwright.mail.listed_keys:
    hostname: mx1.example.org
"""

RETURN = r"""
words:
  description: The keys and the TTL, as arguments of C(postwright-certificates published); none
    where no server has TLSA records. C(null) where one does not answer, and O(needed) is false.
  type: list
  elements: str
  returned: success
"""
