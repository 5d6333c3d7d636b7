"""Documentation of the action of the same name, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dns
short_description: What the inventory wants in DNS is published and proven
description:
  - Reads every zone that a mail domain, a host name or a host's address lies in, plans what has
    to change, applies the plan in one atomic update per zone and waits until every authoritative
    server answers with it, over IPv4 and IPv6.
  - Only records that the zone's manifest (C(_postwright.ZONE TXT)) lists as ours are changed or
    deleted. Where a value that is not ours stands in a place of ours, everything stops and
    nothing is changed.
  - In check mode the zones are read, the plan is shown as a diff, and nothing is changed.
options:
  phase:
    description:
      - C(probe) proves that every provider takes its credentials and lets them read and change
        every zone, and that no CAA record keeps the hosts' CA from issuing; nothing is changed.
      - C(announce) publishes A, AAAA, PTR, DKIM keys and SPF. SPF is published in union with
        what is in force, if that is ours or adopted.
      - C(cutover) first proves that all authoritative servers answer with that, then publishes
        all else and retires what is wanted no more. What a host has not told (its TLS keys, its
        ACME account, whether it serves an MTA-STS policy) stays as it is.
      - C(all) plans both together, for hosts that stand, and does one after the other. Mail is not
        directed to a host whose DKIM keys are not known.
      - The reference page C(docs/reference/records.md) lists every record with its phase.
    type: str
    required: true
    choices: [probe, announce, cutover, all]
  plan:
    description:
      - Phase C(all) in check mode saves its plan in this file on the controller; otherwise it
        applies the plan of this file exactly, or refuses it as stale.
    type: path
  facts_file:
    description:
      - Where the hosts' public keys are written down on the controller, for C(postwright dns)
        where no host can be reached.
    type: path
  dkim:
    description:
      - The DKIM keys by domain, each with C(selector), C(host) (inventory name) and C(txt).
      - Without it, what the C(dkim) role registered as C(dkim_keys) on each mail host.
    type: dict
  only:
    description:
      - Kinds of records, as the manifest calls them (C(dkim), C(tlsa)), that this run looks at; all
        others stay as they are.
    type: list
    elements: str
  adopt:
    description:
      - Names whose values in our places become ours. An SPF record's terms are kept beside ours;
        other values are replaced.
    type: list
    elements: str
    default: []
  retire_zones:
    description: Zones in which nothing is wanted any more, so that what is ours there is retired.
    type: list
    elements: str
    default: []
  wait_timeout:
    description: How many seconds the authoritative servers get to answer rightly.
    type: int
    default: 300
  max_deletions:
    description: How many of our records a zone may lose in one run.
    type: int
    default: 10
  max_deletion_percent:
    description: Which share of our records a zone may lose, from the fourth deletion on.
    type: int
    default: 50
  max_deletion_zones:
    description: How many zones may lose records in one run.
    type: int
    default: 5
author: The Postwright authors
"""

EXAMPLES = r"""
- name: Every authoritative server answers with addresses, DKIM keys and SPF
  postwright.mail.dns:
    phase: announce

- name: The SPF record that stood there is taken over
  postwright.mail.dns:
    phase: announce
    adopt: [example.org]
"""

RETURN = r"""
plan:
  description: One line a zone on what comes and what goes.
  type: list
  elements: str
  returned: phases announce, cutover and all
replaced:
  description: Names at which something but text was removed, which resolvers may remember.
  type: list
  elements: str
  returned: phases announce and cutover
notes:
  description: What is retired later, and what is not known yet.
  type: list
  elements: str
  returned: phases announce, cutover and all
manual:
  description: Records that no provider of the inventory can publish, and that DNS lacks still.
  type: list
  elements: str
  returned: always
checked:
  description: The authoritative servers that answer rightly, with their addresses.
  type: list
  elements: str
  returned: phases announce, cutover and all
zones:
  description: The zones that can be read and changed.
  type: list
  elements: str
  returned: phase probe
"""
