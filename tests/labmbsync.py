"""A foreign client on the lab's client host: mbsync, which keeps copies of accounts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import dedent

from labkit import lab, on

PLACE = "/var/lib/mbsync"
CA_FILE = f"{PLACE}/ca.pem"
TABLE = ("table", "inet", "mbsync")
COUNTER = """
table inet mbsync
delete table inet mbsync
table inet mbsync {
    counter received { }
    chain input {
        type filter hook input priority filter - 10; policy accept;
        tcp sport 993 counter name received
    }
}
"""
HELD = """
import json, pathlib, re, sys
found = {}
for account in pathlib.Path(sys.argv[1]).iterdir():
    files = account.rglob("*")
    for file in (file for file in files if file.parent.name in ("cur", "new")):
        said = re.search(rb"^message-id:\\s*(\\S+)", file.read_bytes(), re.I | re.M)
        folder = str(file.parents[1].relative_to(account))
        found.setdefault(account.name, []).append([folder, said[1].decode() if said else ""])
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Mbsync:
    """mbsync(1) with copies of some accounts of one mail host."""

    hostname: str
    password: str
    addresses: Sequence[str]

    def install(self, ca_file: str) -> None:
        """Install mbsync and what counts its bytes; forget all copies."""
        on("client", "apt-get", "-qq", "update")
        on("client", "apt-get", "-qqy", "install", "--no-install-recommends", "isync", "nftables")
        places = " ".join([PLACE, *(f"{PLACE}/mail/{address}" for address in self.addresses)])
        on("client", "sh", "-ec", f"rm -rf {PLACE}; install -d -m 700 {places}")
        with open(ca_file, encoding="utf-8") as authority:  # noqa: PTH123 - as stated in lab.json
            _put(CA_FILE, authority.read())
        _put(f"{PLACE}/password", self.password)
        # Copies that nobody would miss need not be on the disk at once.
        _put(f"{PLACE}/rc", "\n".join(["FSync no", *map(self._stated, self.addresses)]))
        _put(f"{PLACE}/counter.nft", COUNTER)

    def synchronise(self) -> int:
        """Bring the copies up to date; return how many bytes came from the server, TLS included."""
        on("client", "nft", "-f", f"{PLACE}/counter.nft")
        on("client", "mbsync", "--config", f"{PLACE}/rc", "--all", "--quiet")
        said = json.loads(on("client", "nft", "-j", "list", "counters", *TABLE))
        # Preflight refuses a host with tables of others, should the client become one.
        on("client", "nft", "delete", *TABLE)
        return next(int(each["counter"]["bytes"]) for each in said["nftables"] if "counter" in each)

    def held(self) -> dict[str, list[tuple[str, str]]]:
        """Return (folder, Message-ID) of each copy, by account: what comes twice is there twice."""
        said = json.loads(on("client", "python3", "-c", HELD, f"{PLACE}/mail"))
        return {
            address: sorted((folder, identity) for folder, identity in copies)
            for address, copies in said.items()
        }

    def _stated(self, address: str) -> str:
        name = address.partition("@")[0]
        return dedent(f"""
            IMAPAccount {name}
            Host {self.hostname}
            User {address}
            PassCmd "cat {PLACE}/password"
            TLSType IMAPS
            SystemCertificates no
            CertificateFile {CA_FILE}

            IMAPStore {name}-far
            Account {name}

            MaildirStore {name}-near
            Path {PLACE}/mail/{address}/
            Inbox {PLACE}/mail/{address}/INBOX
            SubFolders Verbatim

            Channel {name}
            Far :{name}-far:
            Near :{name}-near:
            Patterns *
            Create Near
            SyncState *
        """)


def _put(path: str, text: str) -> None:
    lab("exec", "client", "--", "sh", "-c", f"umask 077; mkdir -p $(dirname {path}); cat >{path}",
        input=text)  # fmt: skip
