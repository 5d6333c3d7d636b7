"""peer: another organisation's mail host, set up by plain means and by none of our roles.

What it is made of lies in files/peer, by the path where it goes. Its submission services are also a
smarthost: whoever logs in may send whatever to anybody.
"""

from pathlib import Path

from postwright.lab.images import FILES
from postwright.lab.keys import PEER_SELECTORS, Keys, certificate
from postwright.lab.machine import put
from postwright.lab.plan import RELAY, Host
from postwright.lab.shell import run

_TREE = FILES / "peer"
_MAIL_UID = 5000
# master.cf services for users: login required, never on port 25.
_SUBMISSION = {
    "smtpd_sasl_auth_enable": "yes",
    "smtpd_sasl_type": "dovecot",
    "smtpd_sasl_path": "private/auth",
    "smtpd_tls_auth_only": "yes",
    "smtpd_client_restrictions": "permit_sasl_authenticated,reject",
    "smtpd_relay_restrictions": "permit_sasl_authenticated,reject",
}
_SERVICES = {
    "submissions": {"smtpd_tls_wrappermode": "yes"},
    "submission": {"smtpd_tls_security_level": "encrypt"},
}


def prepare(host: Host, keys: Keys) -> None:
    """Turn a disk with the packages into peer.test's mail host."""

    def inside(*command: str | Path) -> None:
        run(["chroot", host.disk, *command])

    for file in sorted(path for path in _TREE.rglob("*") if path.is_file()):
        put(host, str(file.relative_to(_TREE)), file.read_text(), file.stat().st_mode & 0o777)
    chain, key = certificate(keys, host, "peer.test", RELAY)
    put(host, "/etc/ssl/private/peer.pem", key + chain, 0o600)

    inside("groupadd", "--gid", str(_MAIL_UID), "vmail")
    inside("useradd", "--uid", str(_MAIL_UID), "--gid", "vmail", "--no-create-home", "vmail")
    inside("install", "-d", "-o", "vmail", "-g", "vmail", "-m", "750", "/var/vmail")
    inside("useradd", "--system", "--no-create-home", "mail-checker")
    for selector in PEER_SELECTORS:
        put(host, f"/etc/mail-checker/{selector}", keys.dkim(selector).read_text(), 0o400)
    inside("chown", "-R", "mail-checker:", "/etc/mail-checker")

    for service, own in _SERVICES.items():
        inside("postconf", "-M", f"{service}/inet={service} inet n - y - - smtpd")
        for name, value in (_SUBMISSION | own).items():
            inside("postconf", "-P", f"{service}/inet/{name}={value}")
    inside("systemctl", "enable", "mail-checker.service")
