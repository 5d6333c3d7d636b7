"""The lab's secrets, and where they lie on a mail host: nobody else may read them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import yaml

from labkit import ROOT, lab, on

VARIABLES = ROOT / "inventory" / "lab" / "group_vars" / "all"
# A shorter one would be found by chance.
_LEAST = 12

# Runs on a host. The secrets come by standard input, never by the command line; the pattern file
# is root's alone, in a directory that is not searched.
_SEARCH = r"""
import json, os, pathlib, subprocess, sys, tempfile
asked = json.load(sys.stdin)
root = pathlib.Path("/")
keys = [*root.glob("var/lib/postwright/dkim/*/*.key"),
        *root.glob("var/lib/dehydrated/certs/*/*.pem"),
        *root.glob("var/lib/dehydrated/accounts/*/account_key.pem")]
secrets = set(asked)
for key in keys:
    text = key.read_text()
    if "PRIVATE KEY" in text or key.suffix == ".key":
        secrets |= {l for l in text.splitlines() if len(l) > 40 and not l.startswith("-")}
skipped = {"/proc", "/sys", "/usr/bin", "/usr/lib", "/usr/share", "/usr/sbin", "/usr/include",
           "/var/log/journal", "/run/log/journal", "/var/lib/apt", "/var/lib/dpkg", "/var/cache"}
with tempfile.TemporaryDirectory(dir="/run") as folder:
    os.chmod(folder, 0o700)
    skipped.add(folder)
    files = []
    for at, folders, names in os.walk("/"):
        folders[:] = [each for each in folders if os.path.join(at, each) not in skipped]
        files += [path for name in names if os.path.isfile(path := os.path.join(at, name))
                  and not os.path.islink(path)]
    patterns = os.path.join(folder, "patterns")
    pathlib.Path(patterns).write_text("".join(each + "\n" for each in sorted(secrets)))
    found = subprocess.run(["xargs", "-0", "grep", "-alFf", patterns, "--"],
                           input="\0".join(files), text=True, stdout=subprocess.PIPE).stdout
    journal = subprocess.Popen(["journalctl", "--no-pager", "-o", "export", "--all"],
                               stdout=subprocess.PIPE)
    logged = subprocess.run(["grep", "-aFof", patterns], stdin=journal.stdout,
                            stdout=subprocess.PIPE).stdout.decode(errors="replace")
seen = []
for path in found.splitlines():
    stat = os.stat(path)
    seen.append([path, stat.st_uid, stat.st_gid, stat.st_mode & 0o777])
groups = {each.split(":")[2]: each.split(":")[0] for each in open("/etc/group")}
print(json.dumps({"files": [[p, u, groups[str(g)], m] for p, u, g, m in seen],
                  "journal": sorted(set(logged.splitlines())), "count": len(secrets),
                  "keys": len(keys), "searched": len(files)}))
"""


@dataclass(frozen=True)
class Found:
    """What a search of a host found.

    `files` are those that hold a secret: path -> (user id, group's name, mode); `journal` is what
    the journal held; `count` says how many secrets were looked for, in how many files.
    """

    files: dict[str, tuple[int, str, int]]
    journal: list[str]
    count: int
    searched: int


def stated() -> list[str]:
    """Return every secret that the lab's inventory states or that `scripts/lab` made."""
    facts = json.loads((ROOT / ".lab" / "lab.json").read_text(encoding="utf-8"))
    mail = yaml.safe_load((VARIABLES / "mail.yml").read_text(encoding="utf-8"))
    verify = yaml.safe_load((VARIABLES / "lab.yml").read_text(encoding="utf-8"))
    accounts = [
        account for each in mail["mail_domains"].values()
        for account in each.get("accounts", {}).values()
    ]  # fmt: skip
    clear = [*verify["verify_passwords"].values(), verify["verify_peer"]["password"]]
    clear += [relay["password"] for relay in mail["mail_relays"].values()]
    secrets = [account["password_hash"].rpartition("$")[2] for account in accounts]
    secrets += [facts["tsig"]["secret"], *clear]
    # SMTP and IMAP carry them so.
    secrets += [base64.b64encode(each.encode()).decode().rstrip("=") for each in clear]
    assert all(len(each) >= _LEAST for each in secrets)
    return secrets


def search(host: str, *more: str) -> Found:
    """Look for all secrets, and for `more`, in all files of a host and in its journal."""
    asked = json.dumps([*stated(), *more])
    said: dict[str, Any] = json.loads(
        lab("exec", host, "--", "python3", "-c", _SEARCH, input=asked)
    )
    assert said["keys"] >= 4
    files = {path: (user, group, mode) for path, user, group, mode in said["files"]}
    return Found(files, said["journal"], said["count"], said["searched"])


def private_lines(host: str) -> list[str]:
    """Return the lines of a host's private keys, for a search of what left the host."""
    script = (
        "grep -hE '^[A-Za-z0-9+/=]{41,}$' /var/lib/postwright/dkim/*/*.key"
        " /var/lib/dehydrated/certs/*/privkey.pem /var/lib/dehydrated/accounts/*/account_key.pem"
    )
    return on(host, "sh", "-c", script).splitlines()
