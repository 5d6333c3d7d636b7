"""A good inventory, and a way to spoil it in one place."""

from __future__ import annotations

from typing import Any

import yaml

HASH = (
    "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$t2HTYNGkuSxYIyYx8HnGfQ"
    "$7N8eM+8XjqqvFGShrfmbKXSJREscYAq6gK/fPJ1A47U"
)
GOOD = """
mail_domains:
  alpha.test:
    hosts: [mx1]
    dns: lab
    dmarc: {policy: reject, reports_to: dmarc@alpha.test}
    accounts:
      taro: {password_hash: "HASH", quota: 5G}
      jiro: {password_hash: "HASH"}
      noreply: {password_hash: "HASH", receive: false}
      archive: {password_hash: "HASH", send: false}
    aliases:
      postmaster: [taro]
      abuse: [postmaster]
      dmarc: [taro]
      team: [taro, jiro, archive, hanako@beta.test]
    forwards: {friend: [friend@peer.test]}
  beta.test:
    hosts: [mx1]
    dns: lab
    accounts: {hanako: {password_hash: "HASH"}}
    aliases: {postmaster: [hanako], abuse: [hanako]}
    catch_all: hanako
  gamma.test:
    hosts: [mx2, mx1]
    dns: lab
    accounts: {saburo: {password_hash: "HASH"}}
    aliases: {postmaster: [saburo], abuse: [saburo]}
dns_providers:
  lab:
    driver: rfc2136
    server: 198.18.0.1
    key_name: operator
    key_secret: c2VjcmV0
"""
HOSTS = """
mx1: {mail_hostname: mx1.alpha.test, mail_ipv4: 198.18.0.11, mail_ipv6: "2001:2::11"}
mx2: {mail_hostname: mx2.gamma.test, mail_ipv4: 198.18.0.12}
"""
GONE = object()


def good() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (variables, hosts) that are in order."""
    return yaml.safe_load(GOOD.replace("HASH", HASH)), yaml.safe_load(HOSTS)


def spoilt(*edits: tuple[str, object]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the good inventory with values set (or GONE) at slash-separated paths."""
    variables, hosts = good()
    for path, value in edits:
        *parents, last = path.split("/")
        root: Any = {**variables, "mail_hosts": hosts}
        if not parents:
            root = variables
        for part in parents:
            root = root[int(part) if isinstance(root, list) else part]
        if value is GONE:
            del root[last]
        elif isinstance(root, list):
            root[int(last)] = value
        else:
            root[last] = value
    return variables, hosts
