"""The documentation of the action of this name, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: brought_back
short_description: A part of a backup is back on its host
description:
  - Starts a verb of C(postwright-backup) that brings a part of a backup back, and follows it to
    its end, with a line about how far it is every few seconds.
  - The host goes on by itself where the run is killed or the connection breaks; the next run
    follows it, and does not begin anew what is done.
options:
  argv:
    description: The program and its verb.
    type: list
    elements: str
    required: true
  stdin:
    description: What it reads.
    type: str
    default: ""
author: The Postwright authors
"""

EXAMPLES = r"""
- name: The mail of all accounts is back
  postwright.mail.brought_back:
    argv: [/usr/local/sbin/postwright-backup, rebuild-mail]
"""

RETURN = r"""
said:
  description: What came back, in words.
  type: str
  returned: success
"""
