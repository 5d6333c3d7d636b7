"""What the lab's verbs do: up, down, reset, destroy."""

import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

from postwright.lab import claims, disks, images, keys, machine, network, ns1, trust
from postwright.lab.errors import LabError
from postwright.lab.keys import TSIG_ALGORITHM, TSIG_NAME, Keys
from postwright.lab.plan import Host, Lab
from postwright.lab.progress import Board, board
from postwright.lab.shell import locked, write

Say = Callable[[str], None]


def _alone(checkout: Path, shown: Board) -> AbstractContextManager[None]:
    """While this lasts, nobody else changes this lab."""
    return locked(
        checkout / ".lab" / "lock",
        lambda: shown.say("lab", "waits for another command that changes this lab"),
    )


def up(checkout: Path, anew: Iterable[str] = ()) -> Lab:
    """Bring every host up; those in `anew` with a new disk. Does only what is missing."""
    if os.geteuid() != 0:
        raise LabError("the lab boots hosts and makes a network: run it as root")
    lab = claims.claim(checkout)
    with board() as shown, _alone(checkout, shown):
        kept = keys.ensure(lab)
        machine.make_room()
        shown.say("lab", "makes the network")
        mirror = network.find_mirror()
        network.raise_network(lab, mirror)
        write(lab.home / "lab.json", facts(lab, kept))
        shown.done("lab", f"{lab.name}: {lab.network_ipv4} and {lab.network_ipv6}")

        # Pebble's root of this run: nobody may take the one of an acme about to restart.
        root: Future[str] = Future()

        def one(host: Host) -> None:
            say = shown.for_host(host.name)
            try:
                _bring_up(lab, host, kept, mirror, host.name in anew, say)
                if host.name == "ns1":
                    _renew_mirror(host, mirror)
                if host.name == "acme":
                    root.set_result(trust.fetch(lab, kept))
                    trust.write_bundle(lab, kept, root.result())
                elif not root.done():
                    say("waits for acme's root certificate")
                trust.install(host, root.result())
            except BaseException:
                if host.name == "acme" and not root.done():
                    root.set_exception(LabError("acme did not come up"))
                raise
            shown.done(host.name, f"runs: {host.ipv4.ip} {host.ipv6.ip}")

        _each(list(lab.hosts.values()), one)
        if anew:
            # What the hosts were is forgotten, as it is after its TTL: senders that keep DANE's
            # promises would else hold mail for a host whose key is new.
            machine.inside(lab.hosts["ns1"], "unbound-control", "-q", "flush_zone", "test")
    return lab


def _bring_up(
    lab: Lab, host: Host, kept: Keys, mirror: network.Mirror, anew: bool, say: Say
) -> None:
    running = machine.state(host) != "down"
    if anew or not disks.exists(host):
        machine.destroy_processes(host)
        disks.create(lab, host, kept, mirror, say)
        running = False
    if not running or not Path("/sys/class/net", host.unit).exists():
        machine.destroy_processes(host)
        network.plug(lab, host)
        say("boots")
        machine.boot(lab, host)
    machine.await_state(lab, host)
    for port in host.spec.ports:
        await_port(host, port, say)


def _renew_mirror(host: Host, mirror: network.Mirror) -> None:
    file = host.disk / ns1.MIRROR_FILE.lstrip("/")
    if file.read_text() != (text := ns1.mirror_conf(mirror)):
        machine.put(host, ns1.MIRROR_FILE, text)
        machine.inside(host, "systemctl", "reload", "unbound.service")


def await_port(host: Host, port: int, say: Say, seconds: float = 60) -> None:
    """Wait until a TCP port answers. LabError after so many seconds."""
    deadline = time.monotonic() + seconds
    waiting = False
    while True:
        try:
            socket.create_connection((str(host.ipv4.ip), port), timeout=5).close()
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise LabError(
                    f"port {port} does not answer ({error}); "
                    f"look with `scripts/lab exec {host.name} -- journalctl -b`"
                ) from error
            if not waiting:
                say(f"waits for port {port}")
                waiting = True
            time.sleep(0.1)


def facts(lab: Lab, kept: Keys) -> str:
    """lab.json: what everything outside the lab needs to know about it."""
    hosts = {
        host.name: {
            "release": host.spec.release,
            "ipv4": str(host.ipv4.ip),
            "ipv6": str(host.ipv6.ip),
        }
        for host in lab.hosts.values()
    }
    known = {
        "hosts": hosts,
        "ca_file": str(trust.bundle(lab)),
        "resolver": str(lab.resolver_ipv4),
        "machine": [str(lab.gateway_ipv4.ip), str(lab.gateway_ipv6.ip)],
        "tsig": {"name": TSIG_NAME, "algorithm": TSIG_ALGORITHM, "secret": kept.tsig()},
    }
    return json.dumps(known, indent=2) + "\n"


def down(checkout: Path) -> None:
    """Stop every host and remove every trace but the disks. Nothing to do is fine."""
    lab = claims.find(checkout)
    if lab is None:
        return
    with board() as shown, _alone(checkout, shown):

        def one(host: Host) -> None:
            shown.say(host.name, "shuts down")
            machine.stop(host)
            if host.spec.image == "bare" and host.disk.is_dir():
                images.collect_packages(host.spec.release, host.disk)
            shown.done(host.name, "is down")

        _each(list(lab.hosts.values()), one)
        network.fell_network(lab)


def destroy(checkout: Path) -> None:
    """Down, and delete disks, keys and the claim; the machine's image cache stays."""
    down(checkout)
    lab = claims.find(checkout)
    if lab is not None:
        claims.release(lab)
    if (checkout / ".lab").exists():
        shutil.rmtree(checkout / ".lab")


def reset(checkout: Path, names: Iterable[str]) -> None:
    """Give hosts a new disk and boot them; everything else stays as it is."""
    up(checkout, anew=tuple(names))


def _each(hosts: list[Host], work: Callable[[Host], None]) -> None:
    """Work on all hosts at once; one LabError tells every failure."""
    failures = []
    with ThreadPoolExecutor(len(hosts)) as pool:
        futures = [(host, pool.submit(work, host)) for host in hosts]
        for host, future in futures:
            error = future.exception()
            if isinstance(error, LabError):
                failures.append(f"{host.name}: {error}")
            elif error is not None:
                raise error
    if failures:
        raise LabError("\n".join(failures))
