"""What each failure in a TLS report means, and how it is mended (RFC 8460 section 4.3)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """One failure type in plain words."""

    meaning: str
    mend: str


_CERTIFICATES = "run site.yml, which renews it, and playbooks/verify.yml, which looks at port 25"
_TLSA = "`postwright dns check` compares the TLSA records with the inventory; site.yml sets them"
_POLICY = "run playbooks/verify.yml, and open https://mta-sts.DOMAIN/.well-known/mta-sts.txt"

_EXPLANATIONS = {
    "starttls-not-supported": Explanation(
        "The server did not offer STARTTLS: it is not ours, or somebody in between took it away.",
        "see that the MX names only your hosts (`postwright dns check`), and that no firewall "
        "on the way inspects port 25",
    ),
    "certificate-host-mismatch": Explanation(
        "The certificate names another host than the MX record or the MTA-STS policy.",
        _CERTIFICATES,
    ),
    "certificate-expired": Explanation("The certificate has expired.", _CERTIFICATES),
    "certificate-not-trusted": Explanation(
        "The sender does not trust who issued the certificate.",
        "see that the host's certificate is from a public CA, not from a staging directory; then "
        + _CERTIFICATES,
    ),
    "validation-failure": Explanation(
        "TLS failed for a reason that has no name of its own; the details say more, if anything.",
        "run playbooks/verify.yml; where it finds nothing, ask the reporter",
    ),
    "tlsa-invalid": Explanation(
        "No TLSA record matches the server's key: senders that use DANE keep the mail.", _TLSA
    ),
    "dnssec-invalid": Explanation(
        "The zone's DNSSEC signatures do not validate: senders that use DANE keep the mail.",
        "see that the DS record at the registrar matches the zone's key and that no signature has "
        "expired; `postwright dns check` asks a validating resolver",
    ),
    "dane-required": Explanation(
        "The sender delivers here by DANE only, and found no usable TLSA record.", _TLSA
    ),
    "sts-policy-fetch-error": Explanation(
        "The MTA-STS policy could not be fetched over HTTPS.", _POLICY
    ),
    "sts-policy-invalid": Explanation(
        "The MTA-STS policy was fetched, but cannot be understood.", _POLICY
    ),
    "sts-webpki-invalid": Explanation(
        "The web server's certificate for the MTA-STS policy is not valid.",
        "run site.yml, which renews the certificate of mta-sts.DOMAIN, then playbooks/verify.yml",
    ),
}
_UNKNOWN = Explanation(
    "A failure type that RFC 8460 does not name.", "see the details, or ask the reporter"
)
FAILURE_TYPES = frozenset(_EXPLANATIONS)


def explain(failure_type: str, domain: str) -> Explanation:
    """Return what a failure type means for a domain."""
    found = _EXPLANATIONS.get(failure_type, _UNKNOWN)
    return Explanation(found.meaning, found.mend.replace("DOMAIN", domain))
