"""Root filesystems, built once per machine and kept as tar files.

A tar's name carries a digest of its recipe, so a changed recipe makes a new
image and two checkouts share what is equal. A tar appears by rename only when it
is complete.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from postwright.lab.shell import CONTAINED, locked, run

CACHE = Path("/var/cache/postwright")
FILES = Path(__file__).parent / "files"
# The bare host: what a hoster's minimal Debian image holds, and nothing more.
BARE = (
    *("systemd", "systemd-sysv", "dbus", "python3", "iproute2"),
    *("ca-certificates", "openssh-server"),
)
PACKAGES: dict[str, tuple[str, ...]] = {
    "bare": (),
    "ns1": ("knot", "knot-dnsutils", "unbound"),
    "acme": ("pebble",),
    "peer": (
        *("postfix", "dovecot-imapd", "publicsuffix"),
        *("python3-milter", "python3-dkim", "python3-nacl"),
        *("python3-spf", "python3-dnspython", "python3-publicsuffix2"),
    ),
    "client": (
        *("openssl", "curl", "swaks", "libnet-ssleay-perl", "netcat-openbsd"),
        *("bind9-dnsutils", "knot-dnsutils"),
        # A judge, and what its test of injected commands needs
        *("testssl.sh", "socat"),
    ),
}
_KEPT = 30 * 86400  # seconds that an image or .deb stays in the cache unused
_TAR = ("--numeric-owner", "--xattrs", "--xattrs-include=*", "--acls")


@dataclass(frozen=True)
class Image:
    """A recipe for a root filesystem."""

    release: str
    packages: tuple[str, ...]  # beyond the bare host's
    base: tuple[str, ...] = BARE
    suffixes: str = (FILES / "suffixes.sh").read_text()
    install: str = (FILES / "install.sh").read_text()

    @property
    def digest(self) -> str:
        """A digest of everything that goes into the image."""
        recipe = asdict(self)
        if not self.packages:
            del recipe["install"]
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def tar(self) -> Path:
        """Where the finished image lies."""
        return CACHE / "images" / f"{self.release}-{self.digest}.tar"

    @property
    def bare(self) -> "Image":
        """The image that this one starts from."""
        return Image(self.release, ())


def ensure(image: Image, say: Callable[[str], None]) -> Path:
    """Build an image unless it is in the cache, and return its tar."""
    if not image.tar.exists():
        waiting = partial(say, f"waits for Debian {image.release}")
        with locked(image.tar.with_suffix(".lock"), waiting):
            if not image.tar.exists():
                _build(image, say)
    image.tar.touch()
    return image.tar


def _build(image: Image, say: Callable[[str], None]) -> None:
    work = image.tar.with_suffix(".work")  # only ours: the lock is held
    if work.exists():
        shutil.rmtree(work)
    work.mkdir(parents=True)
    new = work / "image.tar"
    if image.packages:
        tar = ensure(image.bare, say)
        say(f"installs {' '.join(image.packages)}")
        root = work / "root"
        unpack(tar, root)
        run([*CONTAINED, "sh", "-c", image.install, "install", root, *image.packages])
        run(["tar", *_TAR, "-C", root, "-cf", new, "."])
    else:
        say(f"builds Debian {image.release} from the mirror")
        hook = work / "suffixes"
        hook.write_text(image.suffixes)
        hook.chmod(0o755)
        include = f"--include={','.join(image.base)}"
        options = ["--quiet", "--variant=apt", include, f"--customize-hook={hook}"]
        # Its half-made tree lies in `work`, which the next build clears if this one is killed.
        mmdebstrap = ["env", f"TMPDIR={work}", "mmdebstrap", *options]
        run([*CONTAINED, *mmdebstrap, image.release, new])
    new.rename(image.tar)
    shutil.rmtree(work)
    _forget_unused(image.tar.parent, "*.tar")


def unpack(tar: Path, root: Path) -> None:
    """Unpack an image into a new directory."""
    root.mkdir(parents=True)
    run(["tar", *_TAR, "-C", root, "-xpf", tar])


def archive(release: str) -> Path:
    """The .debs that guests of this release have downloaded so far."""
    return CACHE / "debs" / release


def lend_packages(release: str, root: Path) -> None:
    """Give a new root filesystem the .debs that others downloaded; apt checks their digests."""
    _share(archive(release), root / "var/cache/apt/archives")


def collect_packages(release: str, root: Path) -> None:
    """Keep the .debs that a guest downloaded for those that come after it."""
    _share(root / "var/cache/apt/archives", archive(release))
    _forget_unused(archive(release), "*.deb")


def _forget_unused(directory: Path, pattern: str) -> None:
    for file in directory.glob(pattern):
        with suppress(FileNotFoundError):  # another checkout does the same
            if file.stat().st_mtime < time.time() - _KEPT:
                file.unlink()


def _share(source: Path, target: Path) -> None:
    if not source.is_dir():
        return
    target.mkdir(parents=True, exist_ok=True)
    for deb in source.glob("*.deb"):
        if not (target / deb.name).exists():
            new = target / f".{deb.name}.new"
            shutil.copyfile(deb, new)
            new.rename(target / deb.name)
