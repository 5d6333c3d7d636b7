"""The local Cloudflare server keeps the documented rules, seen through the official SDK."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from cloudflare import APIConnectionError, APIStatusError, APITimeoutError, Cloudflare

from cloudflare_server import CloudflareServer, Fault, Token, VirtualClock, Zone

TOKEN = "token-of-the-test"  # noqa: S105


OPEN = ExitStack()


@pytest.fixture
def server() -> Iterator[CloudflareServer]:
    with CloudflareServer() as running, OPEN:
        running.world.tokens[TOKEN] = Token()
        yield running


@pytest.fixture
def zone(server: CloudflareServer) -> Zone:
    return server.world.add_zone("example.org")


def sdk(server: CloudflareServer, token: str = TOKEN, timeout: float = 5) -> Cloudflare:
    client = Cloudflare(api_token=token, base_url=server.url, max_retries=0, timeout=timeout)
    OPEN.callback(client.close)
    return client


def refused(
    server: CloudflareServer, zone: Zone, token: str = TOKEN, **batch: object
) -> tuple[int, int]:
    """Return (status, code) of a batch that is refused."""
    with pytest.raises(APIStatusError) as caught:
        sdk(server, token).dns.records.batch(zone_id=zone.id, **batch)  # type: ignore[arg-type]
    return caught.value.status_code, caught.value.errors[0].code or 0


def txt(content: str, **more: object) -> dict[str, object]:
    return {"type": "TXT", "name": "a.example.org", "content": content, "ttl": 300, **more}


def a(content: str, **more: object) -> dict[str, object]:
    return {**txt(content), "type": "A", **more}


def test_zones_come_in_pages_and_only_those_the_token_sees(server: CloudflareServer) -> None:
    for number in range(120):
        server.world.add_zone(f"d{number}.test")
    server.world.tokens["one"] = Token(zones=frozenset(["d7.test"]))
    client = sdk(server)
    assert len(list(client.zones.list(per_page=50))) == 120
    assert [method for method, _ in server.log] == ["GET"] * 4
    assert [zone.name for zone in sdk(server, "one").zones.list()] == ["d7.test"]
    assert list(client.zones.list(name="nobodys.test")) == []
    with pytest.raises(APIStatusError):
        list(client.zones.list(per_page=51))


def test_a_batch_works_in_the_documented_order_and_answers_what_it_made(
    server: CloudflareServer, zone: Zone
) -> None:
    old = server.world.add(zone, "CNAME", "a.example.org", "elsewhere.test")
    kept = server.world.add(zone, "TXT", "a.example.org", "x", comment="theirs")
    made = sdk(server).dns.records.batch(
        zone_id=zone.id,
        posts=[a("198.18.0.1")],  # type: ignore[list-item]
        patches=[{"id": kept["id"], "ttl": 600}],  # type: ignore[list-item]
        deletes=[{"id": old["id"]}],
    )
    assert made is not None
    assert [record.content for record in made.posts or []] == ["198.18.0.1"]
    assert zone.records[kept["id"]]["comment"] == "theirs"
    assert [kind for _, kind, _, _ in zone.texts()] == ["A", "TXT"]


def test_a_batch_is_done_whole_or_not_at_all(server: CloudflareServer, zone: Zone) -> None:
    there = server.world.add(zone, "TXT", "a.example.org", "x", ttl=300)
    posts = [a("198.18.0.1"), txt("x")]
    assert refused(server, zone, posts=posts) == (400, 81058)
    assert refused(server, zone, posts=posts, deletes=[{"id": "f" * 32}]) == (404, 81044)
    assert list(zone.records) == [there["id"]]


@pytest.mark.parametrize(
    ("post", "code"),
    [
        (a("198.18.0.300"), 9005),
        (a("2001:2::1", type="AAAA", ttl=59), 9021),
        (a("198.18.0.1", ttl=86401), 9021),
        (txt("x", proxied=True), 9004),
        (txt("x" * 4096), 1004),
        (a("mx.test", type="MX"), 1004),
        (a("other.test", type="CNAME"), 81053),
        (txt("there"), 81057),
    ],
)
def test_what_is_no_record_is_refused(
    server: CloudflareServer, zone: Zone, post: dict[str, object], code: int
) -> None:
    server.world.add(zone, "A", "a.example.org", "198.18.0.9")
    server.world.add(zone, "TXT", "a.example.org", "there")
    assert refused(server, zone, posts=[post]) == (400, code)


def test_limits_of_a_batch_and_of_a_set(server: CloudflareServer, zone: Zone) -> None:
    many = [txt(f"value {number}") for number in range(201)]
    assert refused(server, zone, posts=many) == (400, 1004)
    long = [txt(f"{number} " + "x" * 2000) for number in range(5)]
    assert refused(server, zone, posts=long) == (400, 1004)
    assert not zone.records


def test_tokens_without_rights(server: CloudflareServer, zone: Zone) -> None:
    server.world.tokens["reads"] = Token(write=False)
    server.world.tokens["elsewhere"] = Token(zones=frozenset())
    assert refused(server, zone, "reads", posts=[txt("x")]) == (403, 10000)
    assert refused(server, zone, "elsewhere", posts=[txt("x")]) == (403, 9109)
    assert refused(server, zone, "nonsense", posts=[txt("x")]) == (400, 9106)
    with pytest.raises(APIStatusError, match="Invalid API Token"):
        sdk(server, "nonsense").user.tokens.verify()
    verified = sdk(server).user.tokens.verify()
    assert verified is not None
    assert verified.status == "active"


def test_txt_is_stored_quoted_and_cut(server: CloudflareServer, zone: Zone) -> None:
    server.world.add(zone, "TXT", "b.example.org", 'x"' + "y" * 300)
    server.world.add(zone, "TXT", "c.example.org", '"kept " "as it came"')
    contents = [record["content"] for record in zone.records.values()]
    assert contents == ['"x\\"' + "y" * 253 + '" "' + "y" * 47 + '"', '"kept " "as it came"']


def test_the_limit_shuts_out_who_goes_beyond_it(zone: Zone) -> None:
    clock = VirtualClock()
    with CloudflareServer(clock) as server, OPEN:
        server.world.tokens[TOKEN] = Token()
        client = sdk(server)
        for _ in range(1200):
            server.answer("GET", "/client/v4/zones", TOKEN, None)
        with pytest.raises(APIStatusError) as caught:
            client.zones.list()
        assert caught.value.status_code == 429
        assert caught.value.response.headers["Retry-After"] == "300"
        clock.wait_until(300)
        client.zones.list()


def test_faults_before_and_after_the_server_acted(server: CloudflareServer, zone: Zone) -> None:
    server.slow = 0.3
    faults = list(Fault)
    server.faults = dict(enumerate(faults, start=1))
    seen = {}
    for number, fault in enumerate(faults):
        with pytest.raises((APIStatusError, APIConnectionError, APITimeoutError)) as caught:
            sdk(server, timeout=0.1).dns.records.batch(
                zone_id=zone.id,
                posts=[txt(f"{number}")],  # type: ignore[list-item]
            )
        done = any(f'"{number}"' == record["content"] for record in zone.records.values())
        seen[fault] = (type(caught.value).__name__, done)
    assert seen == {
        Fault.ERROR: ("InternalServerError", False),
        Fault.ERROR_AFTER: ("InternalServerError", True),
        Fault.NO_JSON: ("InternalServerError", False),
        Fault.CUT: ("APIConnectionError", False),
        Fault.CUT_AFTER: ("APIConnectionError", True),
        Fault.SLOW_AFTER: ("APITimeoutError", True),
        Fault.TOO_MANY: ("RateLimitError", False),
    }


def test_a_page_may_hold_less_than_was_asked_for(server: CloudflareServer, zone: Zone) -> None:
    for number in range(25):
        server.world.add(zone, "A", f"h{number}.example.org", "198.18.0.1")
    server.most_records = 10
    records = sdk(server).dns.records.list(zone_id=zone.id, per_page=5_000_000)
    assert len(records.result) == 10
