"""acme: Pebble, a real ACME server (RFC 8555) that issues for names under `test`."""

import json
import ssl
import urllib.request

from postwright.lab.keys import Keys, certificate
from postwright.lab.machine import put
from postwright.lab.plan import ACME_MANAGEMENT_PORT, ACME_PORT, Host, Lab

_DAY = 86400  # seconds
_CERTIFICATE, _KEY = "/etc/pebble/tls.pem", "/etc/pebble/tls.key"


def config(host: Host) -> str:
    """Pebble's configuration."""
    settings = {
        "listenAddress": f":{ACME_PORT}",
        "managementListenAddress": f":{ACME_MANAGEMENT_PORT}",
        "certificate": _CERTIFICATE,
        "privateKey": _KEY,
        "httpPort": 80,
        "tlsPort": 443,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
        "certificateValidityPeriod": 90 * _DAY,
    }
    return json.dumps({"pebble": settings}, indent=2) + "\n"


def unit(lab: Lab) -> str:
    """The systemd unit."""
    return f"""# Written by the lab.
[Unit]
Description=Pebble, the lab's ACME server
After=network.target

[Service]
# Without these it sleeps at random and rejects good nonces, to test clients, and for half of the
# names that it validated before it does not look again.
Environment=PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0 PEBBLE_AUTHZREUSE=0
ExecStart=/usr/bin/pebble -config /etc/pebble/pebble.json -dnsserver {lab.resolver_ipv4}:53
Restart=on-failure

[Install]
WantedBy=multi-user.target
"""


def prepare(lab: Lab, host: Host, keys: Keys) -> None:
    """Turn a disk with the package into the ACME server."""
    chain, key = certificate(keys, host)
    put(host, _CERTIFICATE, chain)
    put(host, _KEY, key, 0o600)
    put(host, "/etc/pebble/pebble.json", config(host))
    put(host, "/etc/systemd/system/pebble.service", unit(lab))
    wanted = host.disk / "etc/systemd/system/multi-user.target.wants/pebble.service"
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.symlink_to("/etc/systemd/system/pebble.service")


def root(host: Host, keys: Keys) -> str:
    """The root certificate that Pebble made when it started, in PEM. OSError when it is down."""
    trust = ssl.create_default_context(cafile=str(keys.ca))
    url = f"https://{host.ipv4.ip}:{ACME_MANAGEMENT_PORT}/roots/0"
    with urllib.request.urlopen(url, timeout=5, context=trust) as answer:
        body: bytes = answer.read()
    return body.decode()
