"""Which TLS Postfix has to insist on for a domain: DANE (RFC 7672), then MTA-STS (RFC 8461).

Runs on mail hosts (role tls_policy): the standard library and Debian's python3-dnspython only.
"""
