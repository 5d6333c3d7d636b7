"""What other domains promise can be learnt: DNS answers are validated, and Postfix is told."""

from __future__ import annotations

from typing import Any

from testinfra.host import Host

POLICY = "socketmap:unix:/run/postwright-tls-policy/socket:policy"
# The root is signed wherever it is; AD says that the answer was validated (RFC 6840 5.8).
ROOT_IS_VALIDATED = """
import dns.flags, dns.resolver
client = dns.resolver.Resolver()
client.flags = dns.flags.RD | dns.flags.AD
answer = client.resolve(".", "SOA").response
print(client.nameservers, bool(answer.flags & dns.flags.AD))
"""


def test_programs_ask_the_hosts_own_resolver_which_validates(host: Host) -> None:
    seen = host.check_output("python3 -c %s", ROOT_IS_VALIDATED)
    assert seen == "['127.0.0.1'] True", "/etc/resolv.conf or Unbound is not as the role left it"
    # resolv.conf(5): without it Postfix sees no validated answer, and DANE is off.
    assert host.file("/etc/resolv.conf").contains("^options .*trust-ad")


def test_an_answer_that_does_not_validate_is_none(host: Host) -> None:
    assert host.check_output("unbound-control get_option val-permissive-mode") == "no"
    assert "validator" in host.check_output("unbound-control get_option module-config")


def test_postfix_learns_what_a_domain_promises(host: Host, mail: dict[str, Any]) -> None:
    assert host.check_output("postconf -h smtp_tls_policy_maps") == POLICY
    for domain in mail["domains"]:
        # 1: it promises nothing; anything else, and Postfix holds its mail.
        asked = host.run("postmap -q %s %s", domain, POLICY)
        assert asked.rc in {0, 1}, f"{domain}: {asked.stderr}"
        assert asked.stderr == ""
        assert "because" in host.check_output("postwright-tls-policy %s", domain)
