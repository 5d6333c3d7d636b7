"""Boot, enter and stop a host under systemd-nspawn.

nspawn runs without machined and without a unit, because PID 1 of the machine need
not be systemd. Its process is remembered as PID and start time, written by the
launching shell itself before it becomes nspawn: a killed `up` loses no host.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

from postwright.lab.errors import LabError
from postwright.lab.plan import Host, Lab
from postwright.lab.shell import run, write

READY = ("running", "degraded")
# A cgroup of its own for each host, in a hierarchy of version 2 whatever the machine
# mounts: in a shared one, stopping a service in one host waited for another's.
_CGROUP = (
    "set -e; umount -R /sys/fs/cgroup 2>/dev/null || true; "
    "mount -t cgroup2 none /sys/fs/cgroup; cd /sys/fs/cgroup; "
)
_BOOT = (
    _CGROUP + 'mkdir -p "$1"; echo $$ >"$1/cgroup.procs"; cd /; '
    'echo "$$ $(cut -d" " -f22 /proc/$$/stat)" >"$2.new"; mv "$2.new" "$2"; shift 2; exec "$@"'
)
_KILL = _CGROUP + 'if [ -d "$1" ]; then echo 1 >"$1/cgroup.kill"; fi'
_SWEEP = _CGROUP + 'if [ -d "$1" ]; then find "$1" -depth -type d -exec rmdir {} +; fi'
# inotify(7) instances: every host's systemd holds several, and all hosts of all labs
# share root's limit: at Linux' default of 128, units failed at random in a fourth lab.
_INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
_INOTIFY_INSTANCES = 8192
_PRIVATE = ("unshare", "--mount", "--propagation", "private", "sh", "-c")
_ENVIRONMENT = {
    "HOME": "/root",
    "USER": "root",
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}


def make_room() -> None:
    """Let the machine's kernel serve the hosts of several labs; a higher limit is left alone."""
    if int(_INOTIFY.read_text()) < _INOTIFY_INSTANCES:
        _INOTIFY.write_text(str(_INOTIFY_INSTANCES))


def _pid_file(host: Host) -> Path:
    return host.directory / "pid"


def _start_time(pid: int) -> str | None:
    try:
        # proc(5): field 22; the command's name, field 2, may hold blanks
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def nspawn_pid(host: Host) -> int | None:
    """The host's systemd-nspawn, if it runs."""
    try:
        pid, _, started = _pid_file(host).read_text().strip().partition(" ")
    except OSError:
        return None
    return int(pid) if _start_time(int(pid)) == started else None


def init_pid(host: Host) -> int | None:
    """The host's PID 1 as the machine sees it, if the host runs."""
    pid = nspawn_pid(host)
    if pid is None:
        return None
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return None
    for child in children:
        try:
            status = Path(f"/proc/{child}/status").read_text()
        except OSError:
            continue
        # The first process of a PID namespace: "NSpid: <outside> 1".
        if any(line.split()[-1:] == ["1"] for line in status.splitlines() if "NSpid" in line):
            return int(child)
    return None


def enter(host: Host, command: list[str]) -> list[str]:
    """The command line that runs a command inside a host. LabError when it is down."""
    pid = init_pid(host)
    if pid is None:
        raise LabError(f"{host.name} does not run; `scripts/lab up` starts it")
    return ["nsenter", "-t", str(pid), "-m", "-u", "-i", "-n", "-p", "-C", "--", *command]


def environment() -> dict[str, str]:
    """What a command inside a host sees instead of the machine's environment."""
    return _ENVIRONMENT | {"TERM": os.environ.get("TERM", "dumb")}


def inside(host: Host, *command: str, text: str | None = None) -> str:
    """Run a command inside a host and return its output."""
    words = [f"{key}={value}" for key, value in environment().items()]
    return run(enter(host, ["env", "-i", *words, *command]), text=text).stdout


def state(host: Host) -> str:
    """`down`, `booting`, or what systemd inside says: running, degraded, starting, ..."""
    if nspawn_pid(host) is None:
        return "down"
    if init_pid(host) is None:
        return "booting"
    try:
        done = run(enter(host, ["systemctl", "is-system-running"]), check=False)
    except LabError:
        return "down"
    return done.stdout.strip() or "booting"


def boot(lab: Lab, host: Host) -> None:
    """Start a host that is plugged in and not running; returns at once."""
    log = lab.home / "log" / f"{host.name}.log"
    log.parent.mkdir(exist_ok=True)
    command = [
        *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot"),
        *("--resolv-conf=off", "--timezone=off", "--link-journal=no"),
        *(f"--directory={host.disk}", f"--machine={host.unit}", f"--hostname={host.name}"),
        *(f"--network-namespace-path={host.netns}", "--capability=CAP_NET_ADMIN"),
    ]
    with log.open("ab") as output:
        subprocess.Popen(
            [*_PRIVATE, _BOOT, "boot", host.unit, str(_pid_file(host)), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            # The namespace is made from outside, yet /proc/sys/net is the host's own.
            env=os.environ | {"SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network"},
        )


def await_state(lab: Lab, host: Host, seconds: float = 90) -> None:
    """Wait until systemd inside has finished booting. LabError after so many seconds."""
    deadline = time.monotonic() + seconds
    seen = "down"
    while time.monotonic() < deadline:
        seen = state(host)
        if seen in READY:
            return
        time.sleep(0.1)
    log = lab.home / "log" / f"{host.name}.log"
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:]) if log.exists() else ""
    raise LabError(f"it is {seen} after {seconds:.0f} s; its console ({log}) ends:\n{tail}")


def stop(host: Host, seconds: float = 20) -> None:
    """Shut a host down in order, and kill what is left after so many seconds."""
    pid = nspawn_pid(host)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)  # systemd-nspawn(1): an orderly poweroff
        deadline = time.monotonic() + seconds
        while nspawn_pid(host) == pid and time.monotonic() < deadline:
            time.sleep(0.05)
    destroy_processes(host)


def destroy_processes(host: Host) -> None:
    """Kill every process of a host, and remove its cgroup."""
    run([*_PRIVATE, _KILL, "kill", host.unit])
    deadline = time.monotonic() + 10
    while True:
        swept = run([*_PRIVATE, _SWEEP, "sweep", host.unit], check=False)
        if swept.returncode == 0 and nspawn_pid(host) is None:
            break
        if time.monotonic() > deadline:
            raise LabError(f"processes outlive SIGKILL\n{swept.stderr}")
        time.sleep(0.05)
    _pid_file(host).unlink(missing_ok=True)


def put(host: Host, path: str, text: str, mode: int = 0o644) -> None:
    """Write a file into a host's disk, whether it runs or not."""
    write(host.disk / path.lstrip("/"), text, mode)
