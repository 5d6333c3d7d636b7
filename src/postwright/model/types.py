"""The kinds of text an inventory holds: each checked, and brought into one canonical form.

Every function here takes what the operator wrote and returns the canonical value; what it refuses
it refuses with a message and a mend (`refuse`).
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import date
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Annotated, Any
from urllib.parse import urlsplit

import idna
from pydantic import AfterValidator, BeforeValidator, JsonValue, Secret, SecretStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from .hashes import normal_hash

# RFC 5321 4.1.2 Dot-string of RFC 5322 3.2.3 atext, without "+": that is the recipient delimiter.
_LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*/=?^_`{|}~-]+)*")
# RFC 1123 2.1: letters, digits and inner hyphens.
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_QUOTA = re.compile(r"([1-9][0-9]*)([KMGT])")
_QUOTA_FACTOR = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_OWNER = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
# RFC 6750 2.1: what may stand behind "Bearer" in a header.
_BEARER = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_PYTHON_CLASS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)
_KEY_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")

# RFC 2544 and RFC 5180 reserve these for tests between network devices. They are no public
# addresses, but the built-in lab's hosts have them: Rspamd takes RFC 1918 addresses for local and
# would skip its checks, so a lab on those would prove nothing.
_LAB_NETWORKS: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("198.18.0.0/15"),
    IPv6Network("2001:2::/48"),
)
_DOCUMENTATION: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("192.0.2.0/24"),
    IPv4Network("198.51.100.0/24"),
    IPv4Network("203.0.113.0/24"),
    IPv6Network("2001:db8::/32"),
    IPv6Network("3fff::/20"),
)


def refuse(message: str, mend: str) -> PydanticCustomError:
    """Return the error that carries both what is wrong and how to mend it."""
    return PydanticCustomError("refused", "{message}", {"message": message, "mend": mend})


def text(value: object) -> str:
    """Return the value, which must be text.

    Raises:
        PydanticCustomError: it is not; pydantic's own type error, so that it reads alike.
    """
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "not text")
    return value


def domain_name(value: str) -> str:
    """Return a domain name's A-label form (RFC 5891), lower case, mapped by UTS 46."""
    mend = "write a domain name such as example.org (an internationalised one as people read it)"
    try:
        name = idna.encode(value, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise refuse(f"is not a domain name: {error}", mend) from None
    labels = name.split(".")
    if len(labels) < 2:
        raise refuse("has no dot, so it is no name in the public DNS", mend)
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise refuse("is not a domain name (RFC 1123 2.1)", mend)
    if labels[-1].isdigit():
        raise refuse("ends in a number, so it would be taken for an address", mend)
    return name


def host_name(value: str) -> str:
    """Return a host's fully qualified name, lower case (RFC 1123 2.1)."""
    mend = "write the host's full name in the public DNS, such as mx1.example.org"
    name = value.lower()
    if re.fullmatch(r"[0-9.]+|[0-9a-f:.]*:[0-9a-f:.]*", name):
        raise refuse("is an address, not a host name", mend)
    if name == "localhost" or name.endswith((".localhost", ".localdomain")):
        raise refuse("is a name of this machine itself (RFC 6761 6.3)", mend)
    if name.endswith("."):
        raise refuse("ends in a dot", mend)
    labels = name.split(".")
    if len(labels) < 2:
        raise refuse("has no dot, so other mail servers cannot look it up", mend)
    wrong = [label for label in labels if not _LABEL.fullmatch(label)]
    if wrong or len(name) > 253 or labels[-1].isdigit():
        what = f" ({wrong[0]!r} is no label)" if wrong else ""
        raise refuse(f"is not a host name: RFC 1123 2.1 allows a-z, 0-9 and '-'{what}", mend)
    return name


def local_part(value: str) -> str:
    """Return a local part, lower case: addresses are compared without regard to case."""
    local = value.lower()
    if "@" in local:
        raise refuse(
            "is a whole address where the part before '@' belongs", f"write {local.split('@')[0]!r}"
        )
    if "+" in local:
        raise refuse(
            "has a '+', which separates an address from its extension (taro+lists reaches taro)",
            "choose a name without '+'",
        )
    if len(local) > 64 or not _LOCAL_PART.fullmatch(local):
        raise refuse(
            "is not a local part (RFC 5321 4.1.2: letters, digits, inner dots, at most 64)",
            "choose a name such as taro or taro.yamada",
        )
    return local


def address(value: str) -> str:
    """Return a full address in canonical form: local part lower case, domain as A-label."""
    local, at, domain = value.rpartition("@")
    if not at:
        raise refuse("is not an address: it has no '@'", "write it in full: name@example.org")
    return f"{local_part(local)}@{domain_name(domain)}"


def target(value: str) -> str:
    """Return an alias target: a local part, or a full address, in canonical form."""
    return address(value) if "@" in value else local_part(value)


def quota(value: object) -> int:
    """Return a quota in bytes; K, M, G and T are powers of 1024 as in Dovecot."""
    mend = "write a whole number and a unit, such as 5G or 500M; leave it out for no limit"
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise refuse("is not a quota", mend)
    match = _QUOTA.fullmatch(str(value).strip().upper())
    if match is None:
        raise refuse("is not a quota", mend)
    return int(match[1]) * _QUOTA_FACTOR[match[2]]


def password_hash(value: object) -> SecretStr:
    """Return a password hash with its Dovecot {SCHEME} prefix."""
    if isinstance(value, SecretStr):
        return value
    normal, message = normal_hash(text(value))
    if normal is None:
        raise refuse(message, "make a hash with `postwright password` and write that")
    return SecretStr(normal)


def tsig_secret(value: object) -> SecretStr:
    """Return a TSIG secret, which is written in base64 (RFC 8945)."""
    if isinstance(value, SecretStr):
        return value
    mend = "copy the base64 text that `keymgr tsig generate` or `tsig-keygen` printed"
    try:
        raw = base64.b64decode(text(value), validate=True)
    except (binascii.Error, ValueError):
        raise refuse("is not base64", mend) from None
    if not raw:
        raise refuse("is empty", mend)
    return SecretStr(text(value))


def api_token(value: object) -> SecretStr:
    """Return an API token, which goes into an HTTP header (RFC 6750 2.1)."""
    if isinstance(value, SecretStr):
        return value
    if not _BEARER.fullmatch(text(value)):
        raise refuse(
            "is no API token: those have letters, digits and a few signs, and no blanks",
            "copy the token alone, as the provider showed it when it was made",
        )
    return SecretStr(text(value))


def api_url(value: str) -> str:
    """Return the address of an API, without its last slash: a token goes there, so by TLS."""
    mend = "write an address such as https://api.cloudflare.com/client/v4"
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise refuse("is no web address", mend) from None
    if not host or parts.query or parts.fragment or "@" in parts.netloc or " " in value:
        raise refuse("is no web address of an API", mend)
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise refuse("is not https, so the token would be read by others", mend)
    return value.rstrip("/")


def _public(value: IPv4Address | IPv6Address, kind: str) -> None:
    if any(value in network for network in _LAB_NETWORKS if network.version == value.version):
        return
    mend = f"write the host's public {kind} address"
    if any(value in network for network in _DOCUMENTATION if network.version == value.version):
        raise refuse("is an address for documentation (RFC 5737, RFC 3849)", mend)
    if not value.is_global or value.is_multicast:
        raise refuse("is not a public address, so no other mail server can reach it", mend)


def ipv4(value: object) -> IPv4Address:
    """Return a public IPv4 address."""
    if isinstance(value, IPv4Address):
        return value
    try:
        found = IPv4Address(text(value))
    except ValueError:
        mend = "write four numbers, such as 198.18.0.10: the host's public address"
        raise refuse("is not an IPv4 address", mend) from None
    _public(found, "IPv4")
    return found


def ipv6(value: object) -> IPv6Address:
    """Return a public IPv6 address."""
    if isinstance(value, IPv6Address):
        return value
    try:
        found = IPv6Address(text(value))
    except ValueError:
        mend = "write the host's public IPv6 address, or leave mail_ipv6 out if it has none"
        raise refuse("is not an IPv6 address", mend) from None
    _public(found, "IPv6")
    return found


def ip(value: object) -> IPv4Address | IPv6Address:
    """Return a public address of either kind."""
    return ipv6(value) if ":" in str(value) else ipv4(value)


def day(value: object) -> date:
    """Return a day; YAML makes one of an ISO 8601 date that stands without quotes."""
    mend = "write year, month and day, such as 2027-01-31"
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(text(value))
    except ValueError:
        raise refuse("is not a date", mend) from None


def server(value: str) -> str:
    """Return a name server's address or host name."""
    for kind in (IPv4Address, IPv6Address):
        try:
            return str(kind(value))
        except ValueError:
            continue
    return host_name(value)


def owner(value: str) -> str:
    """Return an owner id: short, since it stands in every manifest value."""
    if not _OWNER.fullmatch(value):
        raise refuse("is not an owner id", "write 1 to 32 of a-z, 0-9 and '-', such as postwright")
    return value


def key_name(value: str) -> str:
    """Return a TSIG key's name, a domain name (RFC 8945 4.2), without its last dot."""
    if not _KEY_NAME.fullmatch(value):
        raise refuse("is not a key name", "write the name the name server knows the key by")
    return value.rstrip(".").lower()


def python_class(value: str) -> str:
    """Return the full name of a Python class."""
    if not _PYTHON_CLASS.fullmatch(value):
        raise refuse(
            "is not the full name of a Python class",
            "write module and class, such as octodns_powerdns.PowerDnsProvider",
        )
    return value


def _string(**more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", **more})


DomainName = Annotated[str, AfterValidator(domain_name)]
HostName = Annotated[str, AfterValidator(host_name)]
LocalPart = Annotated[str, AfterValidator(local_part)]
Address = Annotated[str, AfterValidator(address)]
Target = Annotated[str, AfterValidator(target)]
Quota = Annotated[int, BeforeValidator(quota), _string(pattern="^[1-9][0-9]*[KMGTkmgt]$")]
PasswordHash = Annotated[SecretStr, BeforeValidator(password_hash), _string()]
TsigSecret = Annotated[SecretStr, BeforeValidator(tsig_secret), _string()]
ApiToken = Annotated[SecretStr, BeforeValidator(api_token), _string()]
ApiUrl = Annotated[str, AfterValidator(api_url), _string(format="uri")]
PublicIPv4 = Annotated[IPv4Address, BeforeValidator(ipv4), _string(format="ipv4")]
PublicIPv6 = Annotated[IPv6Address, BeforeValidator(ipv6), _string(format="ipv6")]
PublicIP = Annotated[IPv4Address | IPv6Address, BeforeValidator(ip), _string()]
Day = Annotated[date, BeforeValidator(day), _string(format="date")]
Server = Annotated[str, AfterValidator(server)]
Owner = Annotated[str, AfterValidator(owner)]
KeyName = Annotated[str, AfterValidator(key_name)]
PythonClass = Annotated[str, AfterValidator(python_class)]
Options = Annotated[Secret[dict[str, JsonValue]], WithJsonSchema({"type": "object"})]
