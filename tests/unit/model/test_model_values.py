"""Each kind of value: what is accepted and in which form, and what is refused."""

from __future__ import annotations

import re

import pytest
from model_samples import HASH, spoilt

from postwright.model import InventoryError, Problem, load

ACCOUNT = "mail_domains/alpha.test/accounts/taro"
BODY = HASH.removeprefix("{ARGON2ID}")
BCRYPT = "$2b$12$" + "a" * 53
SHA512 = "$6$saltsalt$" + "b" * 86
SHA256 = "$5$rounds=9000$saltsalt$" + "c" * 43


def refused(path: str, value: object) -> Problem:
    """Return the one problem that the value makes."""
    with pytest.raises(InventoryError) as caught:
        load(*spoilt((path, value)))
    key = path.replace("/", ".")
    found = [each for each in caught.value.problems if each.key == key]
    assert found, [str(each) for each in caught.value.problems]
    return found[0]


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (HASH, HASH),
        (BODY, HASH),
        ("{argon2id}" + BODY, HASH),
        (BODY.replace("argon2id", "argon2i"), "{ARGON2I}" + BODY.replace("argon2id", "argon2i")),
        (BCRYPT, "{BLF-CRYPT}" + BCRYPT),
        (BCRYPT.replace("2b", "2y"), "{BLF-CRYPT}" + BCRYPT.replace("2b", "2y")),
        (SHA512, "{SHA512-CRYPT}" + SHA512),
        ("{SHA512-CRYPT}" + SHA512, "{SHA512-CRYPT}" + SHA512),
        (SHA256, "{SHA256-CRYPT}" + SHA256),
    ],
)
def test_a_hash_is_stored_with_its_scheme(written: str, stored: str) -> None:
    inventory = load(*spoilt((f"{ACCOUNT}/password_hash", written)))
    account = inventory.domains["alpha.test"].accounts["taro"]
    assert account.password_hash.get_secret_value() == stored


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("m=19456,t=2", "m=19455,t=2", "m=19455,t=2 is below m=19456,t=2"),
        ("m=19456,t=2", "m=19456,t=1", "is below"),
        ("m=19456,t=2", "m=4096,t=9", "is below"),
        ("m=19456,t=2", "m=1048576,t=2", "needs 1048576 KiB"),
        (HASH, BCRYPT.replace("$12$", "$09$"), "its cost is 9"),
        (HASH, SHA512.replace("$6$", "$6$rounds=1000$"), "1000 rounds"),
    ],
)
def test_a_hash_that_costs_a_thief_too_little_or_the_host_too_much_is_refused(
    old: str, new: str, said: str
) -> None:
    problem = refused(f"{ACCOUNT}/password_hash", HASH.replace(old, new))
    assert said in problem.message
    assert "postwright password" in problem.mend


@pytest.mark.parametrize("cost", ["m=47104,t=1", "m=9216,t=4", "m=7168,t=5", "m=65536,t=3"])
def test_costs_that_owasp_counts_as_equal_are_taken(cost: str) -> None:
    load(*spoilt((f"{ACCOUNT}/password_hash", HASH.replace("m=19456,t=2", cost))))


@pytest.mark.parametrize(
    "written",
    [
        "hunter2-hunter2",
        "{PLAIN}hunter2-hunter2",
        "{MD5}$1$hunter2$hunter2",
        "{SHA}hunter2hunter2",
        "{CRYPT}" + SHA512,
        "{hunter2}hunter2",
        "{ARGON2ID}hunter2",
        HASH[:-30],
        HASH + "\n",
        SHA512[:-1],
        "$2a$12$" + "a" * 53,
        "$1$hunter2$hunter2",
        "",
        12345678,
        None,
        ["hunter2"],
        {"hunter2": "hunter2"},
    ],
)
def test_what_is_no_hash_is_refused_and_never_shown(written: object) -> None:
    problem = refused(f"{ACCOUNT}/password_hash", written)
    assert "hunter2" not in str(problem)
    assert "12345678" not in str(problem)
    assert problem.value in {
        None,
        "(not shown: it may be a secret)",
        "(a list of 1)",
        "(a mapping)",
    }


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("mail_domains/alpha.test/accounts/taro", "hunter2"),
        ("mail_domains/alpha.test/accounts", "taro hunter2"),
        ("mail_domains/alpha.test/accounts/taro/password", "hunter2"),
        ("mail_domains/alpha.test/passwords", "hunter2"),
        ("mail_password", "hunter2"),
        ("mail_hosts/mx1/mail_password", "hunter2"),
        ("dns_providers/lab/key_secret", "hunter2!"),
        ("dns_providers/lab", {"driver": "cloudflare", "api_token": "hun ter2"}),
        ("dns_providers/lab/secret", "hunter2"),
        ("dns_providers/lab", "hunter2"),
        ("dns_providers", "hunter2"),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_shown(path: str, value: object) -> None:
    with pytest.raises(InventoryError) as caught:
        load(*spoilt((path, value)))
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr([each.model_dump() for each in caught.value.problems])


def test_secrets_do_not_show_in_a_printed_inventory() -> None:
    inventory = load(*spoilt())
    assert BODY not in repr(inventory)
    assert "c2VjcmV0" not in repr(inventory)


@pytest.mark.parametrize(
    ("written", "size"),
    [("5G", 5 * 2**30), ("500M", 500 * 2**20), ("1k", 1024), ("2T", 2 * 2**40)],
)
def test_quota_is_in_bytes(written: str, size: int) -> None:
    inventory = load(*spoilt((f"{ACCOUNT}/quota", written)))
    assert inventory.domains["alpha.test"].accounts["taro"].quota == size


@pytest.mark.parametrize("written", ["5", 5, "0G", "5GB", "-1G", "1.5G", "much", True, ["5G"], ""])
def test_a_quota_without_number_and_unit_is_refused(written: object) -> None:
    assert "5G or 500M" in refused(f"{ACCOUNT}/quota", written).mend


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("mx1", "no dot"),
        ("198.18.0.11", "an address"),
        ("2001:2::11", "an address"),
        ("localhost", "this machine itself"),
        ("mx1.localhost", "this machine itself"),
        ("mx1_a.alpha.test", "RFC 1123"),
        ("-mx.alpha.test", "RFC 1123"),
        ("mx-.alpha.test", "RFC 1123"),
        ("mx1..alpha.test", "RFC 1123"),
        ("mx1.alpha.test.", "dot"),
        ("mx 1.alpha.test", "RFC 1123"),
        ("mx1.alpha.1", "RFC 1123"),
        ("é.alpha.test", "RFC 1123"),
        ("a" * 64 + ".alpha.test", "RFC 1123"),
        (".".join(["a" * 60] * 5), "RFC 1123"),
        ("mx1.alpha.test\n", "RFC 1123"),
        ("", "no dot"),
    ],
)
def test_what_is_no_host_name_is_refused(name: str, why: str) -> None:
    problem = refused("mail_hosts/mx1/mail_hostname", name)
    assert why in problem.message
    assert "mx1.example.org" in problem.mend


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("10.0.0.1", "not a public"),
        ("172.16.0.1", "not a public"),
        ("192.168.1.1", "not a public"),
        ("100.64.0.1", "not a public"),
        ("127.0.0.1", "not a public"),
        ("169.254.1.1", "not a public"),
        ("224.0.0.1", "not a public"),
        ("0.0.0.0", "not a public"),  # noqa: S104
        ("192.0.2.1", "documentation"),
        ("198.51.100.1", "documentation"),
        ("203.0.113.1", "documentation"),
        ("198.20.0.256", "not an IPv4"),
        ("2001:2::1", "not an IPv4"),
        ("mx1.alpha.test", "not an IPv4"),
    ],
)
def test_what_is_no_public_ipv4_is_refused(written: str, why: str) -> None:
    assert why in refused("mail_hosts/mx1/mail_ipv4", written).message


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("fe80::1", "not a public"),
        ("fd00::1", "not a public"),
        ("::1", "not a public"),
        ("::ffff:10.0.0.1", "not a public"),
        ("ff02::1", "not a public"),
        ("2001:db8::1", "documentation"),
        ("198.18.0.1", "not an IPv6"),
        ("fe80::1%eth0", "not a public"),
    ],
)
def test_what_is_no_public_ipv6_is_refused(written: str, why: str) -> None:
    assert why in refused("mail_hosts/mx1/mail_ipv6", written).message


@pytest.mark.parametrize("written", ["198.18.0.1", "198.19.255.254", "9.9.9.9"])
def test_public_and_lab_addresses_are_accepted(written: str) -> None:
    assert str(load(*spoilt(("mail_hosts/mx1/mail_ipv4", written))).hosts["mx1"].ipv4) == written


@pytest.mark.parametrize(
    "local", ["a b", ".a", "a.", "a..b", "ä", "a" * 65, "a@b", "taro+x", 'a"b', "a,b", "", "a\n"]
)
@pytest.mark.parametrize("section", ["accounts", "aliases", "forwards"])
def test_what_is_no_local_part_is_refused(section: str, local: str) -> None:
    values = {
        "accounts": {"password_hash": HASH},
        "aliases": ["taro"],
        "forwards": ["friend@peer.test"],
    }
    path = f"mail_domains/alpha.test/{section}/{local}"
    with pytest.raises(InventoryError) as caught:
        load(*spoilt((path, values[section])))
    assert [each.key for each in caught.value.problems] == [path.replace("/", ".")]
    assert re.search("write|choose", caught.value.problems[0].mend)


def test_local_parts_and_domains_fold_case() -> None:
    edits = [
        ("mail_domains/alpha.test/aliases/INFO", ["Taro", "HANAKO@Beta.Test"]),
        ("mail_hosts/mx1/mail_hostname", "MX1.Alpha.Test"),
    ]
    inventory = load(*spoilt(*edits))
    assert inventory.domains["alpha.test"].aliases["info"] == ["taro", "hanako@beta.test"]
    assert inventory.hosts["mx1"].hostname == "mx1.alpha.test"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("bücher.test", "xn--bcher-kva.test"),
        ("BÜCHER.test", "xn--bcher-kva.test"),
        ("xn--bcher-kva.test", "xn--bcher-kva.test"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("straße.test", "xn--strae-oqa.test"),
    ],
)
def test_an_idn_domain_is_handled_as_a_label(written: str, stored: str) -> None:
    variables, hosts = spoilt()
    variables["mail_domains"][written] = variables["mail_domains"].pop("beta.test")
    variables["mail_domains"]["alpha.test"]["aliases"]["team"] = [f"hanako@{written}"]
    inventory = load(variables, hosts)
    assert inventory.domains[stored].name == stored
    assert inventory.domains["alpha.test"].aliases["team"] == [f"hanako@{stored}"]


@pytest.mark.parametrize(
    "name", ["test", "a_b.test", "-a.test", "a..test", "198.18.0.1", "a b.test"]
)
def test_what_is_no_domain_is_refused(name: str) -> None:
    variables, hosts = spoilt()
    variables["mail_domains"][name] = variables["mail_domains"].pop("gamma.test")
    variables["mail_domains"][name]["hosts"] = ["mx2"]
    with pytest.raises(InventoryError) as caught:
        load(variables, hosts)
    assert f"mail_domains.{name}" in [each.key for each in caught.value.problems]


@pytest.mark.parametrize("written", ["dmarc", "mailto:dmarc@alpha.test", "@alpha.test", "a@b"])
def test_reports_go_to_a_full_address(written: str) -> None:
    assert refused("mail_domains/alpha.test/dmarc/reports_to", written)
