"""One primary name server and one TSIG key: questions, transfers and updates over TCP.

Everything that dnspython or the system raises leaves here as one of our errors.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.tsig
import dns.xfr
import dns.zone
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from postwright.dns.errors import AmbiguousError, CredentialError, ProviderError

_LOST = (OSError, EOFError, dns.exception.Timeout)
_TSIG = {
    dns.tsig.PeerBadKey: ("BADKEY", "it does not know a key of that name and algorithm"),
    dns.tsig.PeerBadSignature: ("BADSIG", "the secret is not the one it has"),
    dns.tsig.PeerBadTime: ("BADTIME", "its clock and this machine's differ by minutes"),
    dns.tsig.PeerBadTruncation: ("BADTRUNC", "it wants longer signatures"),
}


@dataclass(frozen=True)
class Server:
    """A provider's settings; `secret` (base64) is never shown. `timeout` in seconds."""

    name: str
    host: str
    port: int
    key_name: str
    key_algorithm: str
    secret: str = field(repr=False)
    timeout: float = 10


class LostError(ProviderError):
    """The connection failed or broke."""


_patiently = retry(
    retry=retry_if_exception_type(LostError),
    stop=stop_after_attempt(3),
    wait=wait_random_exponential(multiplier=0.3, max=3),
    reraise=True,
)


class Wire:
    """Speaks to one server; holds no connection, so threads may share it."""

    def __init__(self, server: Server) -> None:
        self.server = server

    @cached_property
    def address(self) -> str:
        """The server's first address.

        Raises:
            ProviderError: its name has none.
        """
        try:
            found = socket.getaddrinfo(self.server.host, self.server.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise ProviderError(
                f"dns_providers.{self.server.name}.server: {self.server.host} was not found: "
                f"{error.strerror}",
                "write the address of the primary name server",
            ) from None
        return str(found[0][4][0])

    @property
    def key(self) -> dns.tsig.Key:
        """The TSIG key as dnspython takes it."""
        return dns.tsig.Key(self.server.key_name, self.server.secret, self.server.key_algorithm)

    @_patiently
    def ask(self, query: dns.message.Message) -> dns.message.Message:
        """Return the answer to a signed question; a lost connection is tried again."""
        return self._exchange(query)

    def send(self, update: dns.message.Message) -> dns.message.Message:
        """Return the answer to a signed update, which is sent once.

        Raises:
            AmbiguousError: no answer came; the update may have been done.
        """
        try:
            return self._exchange(update)
        except LostError as error:
            raise AmbiguousError(error.what, error.mend) from None

    @_patiently
    def transfer(self, zone: str) -> dns.zone.Zone:
        """Return a whole zone by AXFR; a lost connection is tried again from the start."""
        found = dns.zone.Zone(dns.name.from_text(zone), relativize=False)
        with self._said(f"zone {zone}"):
            query, _ = dns.xfr.make_query(found, use_edns=True)
            query.use_tsig(self.key)
            dns.query.inbound_xfr(
                self.address,
                found,
                query,
                port=self.server.port,
                timeout=self.server.timeout,
                lifetime=6 * self.server.timeout,
            )
        return found

    def _exchange(self, query: dns.message.Message) -> dns.message.Message:
        query.use_tsig(self.key)
        question = query.question[0].name.to_text(omit_final_dot=True)
        with self._said(f"zone of {question}"):
            return self._judged(query, self._raw(query))

    def _raw(self, query: dns.message.Message) -> bytes:
        """Return an answer's bytes: dnspython gives nothing of one that is not signed as asked."""
        # RFC 1035 4.2.2: over TCP, two bytes of length come first.
        sent = query.to_wire(prepend_length=True)
        where = (self.address, self.server.port)
        with socket.create_connection(where, timeout=self.server.timeout) as connection:
            connection.sendall(sent)
            with connection.makefile("rb") as stream:
                length = int.from_bytes(stream.read(2), "big")
                wire = stream.read(length)
        if not wire or len(wire) < length:
            raise EOFError
        return wire

    def _judged(self, query: dns.message.Message, wire: bytes) -> dns.message.Message:
        """Return the answer if it is signed by our key and answers the query.

        Some servers refuse a key, or a zone that they do not serve, without the TSIG record that
        RFC 8945 5.2.1 has them add (Knot does): such an answer is good for nothing but for saying
        so.
        """
        try:
            answer = dns.message.from_wire(wire, keyring=query.keyring, request_mac=query.mac)
        except dns.exception.FormError:
            answer = dns.message.from_wire(wire)
            if answer.rcode() == dns.rcode.NOTAUTH:
                raise dns.tsig.PeerBadKey from None
            if answer.rcode() != dns.rcode.REFUSED:
                raise
        if not query.is_response(answer):
            raise dns.query.BadResponse
        return answer

    @contextmanager
    def _said(self, what: str) -> Iterator[None]:
        """Turn what is raised into what the operator can mend."""
        place = f"dns_providers.{self.server.name}"
        where = f"{self.server.host} port {self.server.port}"
        try:
            yield
        except tuple(_TSIG) as error:
            code, why = _TSIG[type(error)]
            raise CredentialError(
                f"{place}.key_secret was refused ({code}) by {where}: {why} (key "
                f"{self.server.key_name}, {self.server.key_algorithm})",
                "copy name, algorithm and secret of the key from that server"
                if code != "BADTIME"
                else "set both clocks by NTP",
            ) from None
        except dns.tsig.BadTime:
            raise CredentialError(
                f"{place}: the answer of {where} was signed at another time than now",
                "set both clocks by NTP",
            ) from None
        except dns.xfr.TransferError as error:
            raise self.refused(
                dns.rcode.to_text(error.rcode), f"a transfer (AXFR), {what}"
            ) from None
        except _LOST as error:
            reason = getattr(error, "strerror", None) or "no answer in time, or half of one"
            raise LostError(
                f"{place}.server: {where} does not answer over TCP: {reason}",
                "see that the server runs and that no firewall is between it and this machine",
            ) from None
        except dns.exception.TooBig:
            raise ProviderError(
                f"{place}: {what}: the update is larger than a DNS message can be (65,535 bytes), "
                "and only one message is all or nothing; nothing was changed",
                "publish it in steps: leave some of the new domains out of mail_domains at first",
            ) from None
        except dns.exception.DNSException as error:
            # By its class: a text of dnspython's may quote the message.
            raise ProviderError(
                f"{place}: the answer of {where} cannot be used ({type(error).__name__}, {what})",
                "see that this is the primary name server and that nothing rewrites its answers",
            ) from None

    def refused(self, code: str, what: str) -> CredentialError:
        """Return the error of an answer that the key does not allow what was asked."""
        return CredentialError(
            f"dns_providers.{self.server.name}: {self.server.host} refused {what} ({code}) with "
            f"key {self.server.key_name}",
            "see that it is the zone's primary and knows the key, and allow the key transfer and "
            "update of the zone (Knot: acl, action [transfer, update]; BIND: allow-transfer and "
            "update-policy)",
        )
