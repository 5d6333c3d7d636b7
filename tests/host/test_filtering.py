"""The filter remembers what it has learnt, and keeps that to itself."""

from __future__ import annotations

from testinfra.host import Host

SOCKET = "/run/redis/redis-server.sock"


def test_the_filter_reaches_its_memory_and_nobody_else_does(host: Host) -> None:
    socket = host.file(SOCKET)
    assert (socket.is_socket, socket.group, socket.mode) == (True, "redis", 0o770)
    # As systemd starts Rspamd, which is in Redis' group by its unit alone.
    seen = host.run(
        "setpriv --reuid=_rspamd --regid=_rspamd --groups=redis redis-cli -s %s ping", SOCKET
    )
    assert seen.stdout == "PONG\n", seen.stderr
    said = host.check_output("rspamc -h /run/rspamd/controller.sock stat")
    assert "Statfile: BAYES_SPAM type: redis" in said


def test_scripts_for_all_mailboxes_are_compiled(host: Host) -> None:
    for name in ("junk", "learn-spam", "learn-ham"):
        source, compiled = (
            host.file(f"/etc/dovecot/sieve/{name}.{end}") for end in ("sieve", "svbin")
        )
        assert compiled.exists
        assert compiled.mtime >= source.mtime
