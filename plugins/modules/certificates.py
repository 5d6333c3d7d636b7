"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: certificates
short_description: Where a host's certificates come from is in order
description:
  - Judges, on the controller, the sources of a host's certificates, and fails with every problem,
    each with the variable or file, what is wrong and how to mend it. The host is not contacted.
  - With O(install), brings the given certificates to the host instead, where the program
    C(postwright-certificates) takes them up. Keys are readable for root alone and in no diff.
options:
  wanted:
    description: The host's certificates, C(mail.certificates).
    type: list
    elements: dict
    default: []
  directory:
    description: The ACME server, by name or as the URL of its directory.
    type: str
    default: ""
  eab_kid:
    description: The identifier of the key for external account binding.
    type: str
    default: ""
  eab_key:
    description: The key for external account binding, in base64url.
    type: str
    default: ""
  given:
    description: Certificates by name, each with C(chain) and C(key), as PEM or as files on the
      controller; relative names count from the inventory.
    type: dict
    default: {}
  ca_file:
    description: The root certificate of an own CA, as a file on the controller.
    type: str
    default: ""
  install:
    description: Bring the given certificates to the host.
    type: bool
    default: false
author: The Postwright authors
"""

EXAMPLES = r"""
- name: What certificates are to come from is in order
  postwright.mail.certificates:
    wanted: "{{ mail.certificates }}"
    directory: letsencrypt
"""

RETURN = r"""
sources:
  description: The C(directory) as a URL, the names of those that are C(given), and the own C(ca) in
    PEM.
  type: dict
  returned: without O(install)
"""
