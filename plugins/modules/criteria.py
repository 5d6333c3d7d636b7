"""Look at the TLS of mail hosts from this host (standard library and openssl only)."""

from __future__ import annotations

DOCUMENTATION = r"""
module: criteria
short_description: Each domain meets the criteria of Internet.nl's mail test
description:
  - Looks, from a host that is none of the mail hosts, at what each of their ports takes in TLS;
    asks, on the controller, what DNS says; judges the 32 criteria that can be judged offline.
  - Fails where a criterion is missed that the hosts or the records decide. What the inventory asks
    for, or whoever serves the zone decides, is told and fails nothing.
  - On the probing host, openssl(1) is needed.
options:
  mails:
    description: For each mail host its derived value, without secrets; given by the action.
    type: list
    elements: dict
author: The Postwright authors
"""

EXAMPLES = r"""
- name: Each domain passes Internet.nl's mail test
  postwright.mail.criteria:
"""

RETURN = r"""
scores:
  description: For each domain how many criteria it meets, and each verdict.
  type: dict
  returned: always
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.postwright.mail.plugins.module_utils.probe.run import targets
from ansible_collections.postwright.mail.plugins.module_utils.probe.tls_look import (
    as_data,
    endpoints,
    look_at_all,
)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={"mails": {"type": "list", "elements": "dict", "required": True}},
        supports_check_mode=True,
    )
    module.get_bin_path("openssl", required=True)
    found = [
        endpoint
        for mail in module.params["mails"]
        for endpoint in endpoints(mail, targets(mail["host"]))
    ]
    seen = [as_data(each) for each in look_at_all(found)]
    module.exit_json(changed=False, endpoints_seen=seen, invocation={})


if __name__ == "__main__":
    main()
