"""What the prober sees of real servers: each fault is seen, and a good server has none."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import pytest
from tls_server import GOOD, Certificates, serving

from postwright.probe import tls_client
from postwright.probe.criteria import judge_port
from postwright.probe.tls_codes import TLS_1_2, TLS_1_3
from postwright.probe.tls_hello import Answer, NotTlsError, read_answer
from postwright.probe.tls_look import look
from postwright.probe.wire import Target

EVERYTHING = ("-cipher", "ALL:@SECLEVEL=0")
OLD = ("-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", "-sigalgs", "ECDSA+SHA1:ECDSA+SHA256")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certificates]:
    made = Certificates(tmp_path_factory.mktemp("tls"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(made.ca))
        # Unlike a mail server, s_server does not close when it is told good-bye.
        patch.setattr(tls_client, "PATIENCE", 0.25)
        yield made


def misses(*options: str) -> dict[str, str]:
    """Return what is wrong with a server of these options."""
    with serving(*options) as endpoint:
        return {v.criterion: v.seen for v in judge_port(look(endpoint)) if not v.ok}


def test_a_good_server_meets_all(certificates: Certificates) -> None:
    with serving(*certificates.signed("P-256"), *GOOD) as endpoint:
        seen = look(endpoint)
    assert {v.criterion: v.seen for v in judge_port(seen) if not v.ok} == {}
    assert seen.versions == [TLS_1_2, TLS_1_3]
    assert seen.suites == [0xC02C, 0xC02B]
    assert set(seen.groups) == {0x17, 0x1D}
    assert seen.secure_renegotiation
    assert seen.extended_master_secret


@pytest.mark.parametrize(
    ("key", "options", "expected"),
    [
        ("P-256", OLD, {"tls_version": "takes TLS 1.0", "kex_hash_func": "ecdsa_sha1"}),
        ("2048", ("-cipher", "AES128-SHA"), {"tls_ciphers": "takes AES128-SHA (insufficient)"}),
        (
            "2048",
            ("-cipher", "DHE-RSA-AES128-GCM-SHA256"),
            {"tls_ciphers": "to be phased out", "fs_params": "Diffie-Hellman with a prime of 2048"},
        ),
        (
            "P-256",
            ("-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA256"),
            {
                "tls_ciphers": "ECDHE-ECDSA-AES128-SHA256 (to be phased out)",
                "tls_cipher_order": "ECDHE-ECDSA-AES128-SHA256 to ECDHE-ECDSA-AES256-GCM-SHA384",
            },
        ),
        ("P-256", ("-groups", "X25519:ffdhe2048"), {"fs_params": "ffdhe2048 (insufficient)"}),
        (
            "P-256",
            ("-groups", "P-256:secp224r1", "-no_tls1_3"),
            {"fs_params": "secp224r1 (to be phased out)"},
        ),
        ("P-256", ("-sigalgs", "ECDSA+SHA256:ECDSA+SHA224"), {"kex_hash_func": "ecdsa_sha224"}),
        (
            "P-256",
            ("-client_renegotiation",),
            {"renegotiation_client": "lets a client renegotiate"},
        ),
        ("1024", EVERYTHING, {"cert_pubkey": "RSA-1024"}),
    ],
)
def test_a_fault_is_seen(
    certificates: Certificates, key: str, options: tuple[str, ...], expected: dict[str, str]
) -> None:
    found = misses(*certificates.signed(key), *options)
    for criterion, text in expected.items():
        assert text in found.get(criterion, "met")


def test_a_server_that_has_its_own_order_keeps_it(certificates: Certificates) -> None:
    suites = ("-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA256")
    assert "tls_cipher_order" not in misses(*certificates.signed("P-256"), *suites, "-serverpref")


def test_certificates_are_judged(certificates: Certificates) -> None:
    assert list(misses(*certificates.signed("P-256", "other.test"), *GOOD)) == ["cert_hostmatch"]
    sha1 = misses(*certificates.signed("P-256", digest="sha1"), *EVERYTHING)
    assert "signed with sha1" in sha1["cert_signature"]


def test_an_unknown_authority_is_not_trusted(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    found = misses(*certificates.signed("P-256"), *GOOD)
    assert set(found) == {"cert_trust", "cert_hostmatch"}


def test_early_data_is_read_of_the_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = "Post-Handshake New Session Ticket arrived:\n    Max Early Data: {}\n"
    target = Target("mx1.alpha.test", "127.0.0.1", "IPv4")
    for octets in (0, 999):
        monkeypatch.setattr(tls_client, "_openssl", lambda *_, n=octets: ticket.format(n))
        assert tls_client.early_data(target, 25, tls_client.Opening.SMTP, "smtp") == octets


def server_hello(*extensions: int, compression: int = 0) -> bytes:
    """Return a record with a ServerHello of TLS 1.2, and ServerHelloDone."""
    listed = b"".join(struct.pack(">HH", number, 0) for number in extensions)
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\xc0\x2b" + bytes([compression])
    body += struct.pack(">H", len(listed)) + listed
    messages = b"\x02" + len(body).to_bytes(3, "big") + body + b"\x0e\0\0\0"
    return b"\x16\x03\x03" + struct.pack(">H", len(messages)) + messages


def answered(data: bytes) -> Answer | None:
    """Return what is read where the network gives seven octets at a time."""
    stream = io.BytesIO(data)
    return read_answer(lambda size: stream.read(min(size, 7)))


@pytest.mark.parametrize(
    ("extensions", "name"), [((0xFF01,), "secure_renegotiation"), ((23,), "extended_master_secret")]
)
def test_what_a_server_hello_says_is_read(extensions: tuple[int, ...], name: str) -> None:
    assert getattr(answered(server_hello(*extensions)), name) is True
    assert getattr(answered(server_hello()), name) is False


def test_compression_is_read() -> None:
    answer = answered(server_hello(compression=1))
    assert answer is not None
    assert answer.compression == 1


def test_an_alert_and_a_closed_connection_are_refusals() -> None:
    assert answered(b"\x15\x03\x03\0\x02\x02\x28") is None
    assert answered(b"") is None


def test_what_is_no_tls_is_told() -> None:
    with pytest.raises(NotTlsError, match="554"):
        answered(b"554 5.7.1 Go away\r\n")
