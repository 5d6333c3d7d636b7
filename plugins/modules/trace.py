"""Find what a host's journal says of a message (standard library only)."""

from __future__ import annotations

DOCUMENTATION = r"""
module: trace
short_description: The lines of the journal that belong to a message
description:
  - Looks for the given words in what Postfix, Rspamd and Dovecot logged, then for the queue ids
    and Message-IDs that those lines name, until nothing new is found. Changes nothing.
  - journalctl(1) filters on the host, so that a big journal costs no transfer.
options:
  words:
    description: Message-IDs, queue ids or addresses, each taken literally.
    type: list
    elements: str
    required: true
  since:
    description: How far back to look, as journalctl(1) takes it.
    type: str
    required: true
author: The Postwright authors
"""

EXAMPLES = r"""
- name: What became of a message
  postwright.mail.trace:
    words: ["<20261125.1@example.org>"]
    since: -2 days
"""

RETURN = r"""
lines:
  description: Each line with its C(time) (seconds since 1970), C(program) and C(text), in order.
  type: list
  elements: dict
  returned: always
oldest:
  description: When the journal begins (seconds since 1970), or null where it is empty.
  type: float
  returned: always
cut:
  description: Whether there was more than can be followed.
  type: bool
  returned: always
"""

import json
import re

from ansible.module_utils.basic import AnsibleModule

# postconf(5) enable_long_queue_ids: short ids are hexadecimal, long ones have no vowels.
QUEUE_ID = r"[0-9A-F]{6,16}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20}"
IDS = [
    re.compile(rf"^({QUEUE_ID}): "),
    # The children: bounces and delay warnings, and what a delivery queued on a host.
    re.compile(rf"notification: ({QUEUE_ID})$"),
    re.compile(rf"(?:forwarded|queued) as ({QUEUE_ID})\)"),
    re.compile(r"\b(?:message-id=|msgid=|rspamd_task_write_log: id: )(<[^<>\s]+>)"),
]
# The facility `mail` is Postfix's.
SOURCES = ["SYSLOG_FACILITY=2", "+", "_SYSTEMD_UNIT=dovecot.service", "+",
           "_SYSTEMD_UNIT=rspamd.service"]  # fmt: skip
# Bounds on what one question may cost.
MOST_IDS = 300
MOST_LINES = 5000
ROUNDS = 8


def journal(module, words, since):
    """Return the entries that hold any of the words, by cursor."""
    pattern = "|".join(re.escape(word).replace(r"\-", "-") for word in sorted(words))
    command = ["journalctl", "--quiet", "--no-pager", "--output=json", f"--since={since}",
               "--output-fields=MESSAGE,SYSLOG_IDENTIFIER", "--case-sensitive=no",
               f"--grep={pattern}", f"--lines={MOST_LINES}", *SOURCES]  # fmt: skip
    code, out, err = module.run_command(command)
    # 1 without a word of complaint: no line holds it.
    if code != 0 and err.strip():
        module.fail_json(msg=f"journalctl: {err.strip()}")
    entries = [json.loads(line) for line in out.splitlines()]
    # What is no UTF-8 comes as a list of bytes.
    return {each["__CURSOR"]: each for each in entries if isinstance(each.get("MESSAGE"), str)}


def wanted(entry):
    """Tell whether a line is about a message: a login is not."""
    program, text = entry.get("SYSLOG_IDENTIFIER", ""), entry["MESSAGE"]
    if program == "rspamd":
        return "rspamd_task_write_log" in text
    return "msgid=" in text if program == "dovecot" else program.startswith("postfix")


def ids_in(text):
    """Return the queue ids and Message-IDs that a line names."""
    return {match for pattern in IDS for match in pattern.findall(text)}


def follow(module, words, since):
    """Return the entries about the words and about all that they lead to; and whether it is all."""
    known, new, found = set(), set(words), {}
    for _ in range(ROUNDS):
        if not new or len(known) > MOST_IDS or len(found) >= MOST_LINES:
            break
        entries = journal(module, new, since)
        found.update({key: each for key, each in entries.items() if wanted(each)})
        known |= new
        new = {each for entry in found.values() for each in ids_in(entry["MESSAGE"])} - known
    return list(found.values()), bool(new)


def oldest(module):
    """Return when the journal begins."""
    command = ["journalctl", "--quiet", "--no-pager", "--output=json", "--output-fields=_PID"]
    # Not --lines: without --reverse that shows the newest.
    code, out, _ = module.run_command(["sh", "-c", " ".join(command) + " | head -n 1"])
    return int(json.loads(out)["__REALTIME_TIMESTAMP"]) / 1e6 if code == 0 and out else None


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "words": {"type": "list", "elements": "str", "required": True},
            "since": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    entries, cut = follow(module, module.params["words"], module.params["since"])
    lines = [
        {
            "time": int(each["__REALTIME_TIMESTAMP"]) / 1e6,
            "program": each["SYSLOG_IDENTIFIER"],
            "text": each["MESSAGE"],
        }
        for each in entries
    ]
    lines.sort(key=lambda line: line["time"])
    module.exit_json(changed=False, lines=lines, oldest=oldest(module), cut=cut)


if __name__ == "__main__":
    main()
