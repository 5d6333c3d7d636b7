"""Probe mail hosts from this host (standard library only)."""

from __future__ import annotations

DOCUMENTATION = r"""
module: probe
short_description: Looks at mail hosts as a peer, a client and an attacker do
description:
  - Runs on a host that is none of the mail hosts. Nothing is changed but that test messages lie
    in the mailboxes of the accounts it is given.
options:
  mails:
    description: For each mail host its derived value, without secrets.
    type: list
    elements: dict
    required: true
  passwords:
    description: Passwords by address, of accounts that the probe may use.
    type: dict
    default: {}
  outsider:
    description: An address of another organisation that nobody may send as or relay to.
    type: str
    required: true
  peer:
    description: An account at another organisation, for the mail's whole way out and back.
    type: dict
    suboptions:
      address: {description: The account's address., type: str, required: true}
      password: {description: Its password., type: str, required: true}
      hostname: {description: Its server's name in the certificate., type: str, required: true}
      ipv4: {description: The address of its server., type: str, required: true}
      submissions: {description: The port for submission., type: int, default: 465}
      imaps: {description: The port for IMAP., type: int, default: 993}
  patience:
    description: How many seconds a message may take; more where a peer has senders wait.
    type: int
    default: 60
author: The Postwright authors
"""

EXAMPLES = r"""
- name: Nothing gets in that should not
  postwright.mail.probe:
    mails: "{{ groups.mail_hosts | map('extract', hostvars, 'mail') | list }}"
    outsider: somebody@example.net
"""

RETURN = r"""
probe_results:
  description: Each check with C(check), C(subject), C(promise), C(ok), C(seen) and C(source).
  type: list
  elements: dict
  returned: always
not_probed:
  description: Addresses that this host has no route to, so that nothing was learnt of them.
  type: list
  elements: str
  returned: always
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.postwright.mail.plugins.module_utils.probe.run import out_of_reach, run


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "mails": {"type": "list", "elements": "dict", "required": True},
            "passwords": {"type": "dict", "default": {}, "no_log": True},
            "outsider": {"type": "str", "required": True},
            "patience": {"type": "int", "default": 60},
            "peer": {
                "type": "dict",
                "options": {
                    "address": {"type": "str", "required": True},
                    "password": {"type": "str", "required": True, "no_log": True},
                    "hostname": {"type": "str", "required": True},
                    "ipv4": {"type": "str", "required": True},
                    "submissions": {"type": "int", "default": 465},
                    "imaps": {"type": "int", "default": 993},
                },
            },
        },
        supports_check_mode=True,
    )
    given = module.params
    results = run(
        given["mails"], given["passwords"], given["outsider"], given["peer"], given["patience"]
    )
    module.exit_json(
        changed=False,
        probe_results=results,
        not_probed=out_of_reach(given["mails"]),
        invocation={},
    )


if __name__ == "__main__":
    main()
