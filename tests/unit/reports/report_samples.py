"""Reports in the shapes that reporters really send, about made-up domains."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from email.message import EmailMessage
from typing import Any

OURS, FOREIGN = "198.18.0.21", "198.19.7.7"

# As Google sends it: no namespace, no version, space for indentation.
GOOGLE = f"""<?xml version="1.0" encoding="UTF-8" ?>
<feedback>
  <report_metadata>
    <org_name>google.com</org_name>
    <email>noreply-dmarc-support@google.com</email>
    <extra_contact_info>https://support.google.com/a/answer/2466580</extra_contact_info>
    <report_id>4711081500001</report_id>
    <date_range><begin>1763942400</begin><end>1764028799</end></date_range>
  </report_metadata>
  <policy_published>
    <domain>alpha.test</domain><adkim>r</adkim><aspf>r</aspf><p>reject</p><sp>reject</sp>
    <pct>100</pct><np>reject</np>
  </policy_published>
  <record>
    <row>
      <source_ip>{OURS}</source_ip><count>12</count>
      <policy_evaluated>
        <disposition>none</disposition><dkim>pass</dkim><spf>pass</spf>
      </policy_evaluated>
    </row>
    <identifiers><header_from>alpha.test</header_from></identifiers>
    <auth_results>
      <dkim><domain>alpha.test</domain><result>pass</result><selector>mx1-202611r</selector></dkim>
      <spf><domain>alpha.test</domain><result>pass</result></spf>
    </auth_results>
  </record>
  <record>
    <row><source_ip>{FOREIGN}</source_ip><count>3</count><policy_evaluated>
      <disposition>reject</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row>
    <identifiers><header_from>alpha.test</header_from></identifiers>
    <auth_results><spf><domain>bulk.test</domain><result>softfail</result></spf></auth_results>
  </record>
</feedback>
""".encode()

# As Microsoft sends it: a version, two namespaces that nothing uses, envelope_to.
MICROSOFT = f"""<?xml version="1.0"?>
<feedback xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <version>1.0</version>
  <report_metadata>
    <org_name>Outlook.com</org_name><email>dmarcreport@microsoft.com</email>
    <report_id>5d41402abc4b2a76b9719d911017c592</report_id>
    <date_range><begin>1764028800</begin><end>1764115200</end></date_range>
  </report_metadata>
  <policy_published>
    <domain>alpha.test</domain><adkim>r</adkim><aspf>r</aspf><p>reject</p><sp>reject</sp>
    <pct>100</pct><fo>0</fo>
  </policy_published>
  <record>
    <row>
      <source_ip>{OURS}</source_ip><count>2</count>
      <policy_evaluated><disposition>reject</disposition><dkim>fail</dkim><spf>fail</spf>
      </policy_evaluated></row>
    <identifiers>
      <envelope_to>hotmail.test</envelope_to><envelope_from>alpha.test</envelope_from>
      <header_from>alpha.test</header_from>
    </identifiers>
    <auth_results>
      <dkim>
        <domain>alpha.test</domain><selector>mx1-202611r</selector><result>fail</result>
      </dkim>
      <spf><domain>alpha.test</domain><scope>mfrom</scope><result>fail</result></spf>
    </auth_results>
  </record>
</feedback>
""".encode()

# As Yahoo does: tabs, and reasons for what was done against the policy.
YAHOO = b"""<?xml version="1.0"?>
<feedback>
\t<report_metadata>
\t\t<org_name>Yahoo</org_name>
\t\t<email>dmarchelp@yahooinc.com</email>
\t\t<report_id>1763950000.123456</report_id>
\t\t<date_range>\t\t\t<begin>1763856000</begin>
\t\t\t<end>1763942399 </end>
\t\t</date_range>
\t</report_metadata>
\t<policy_published>
\t\t<domain>Beta.Test</domain><adkim>r</adkim><aspf>r</aspf><p>reject</p><pct>100</pct>
\t</policy_published>
\t<record>
\t\t<row>
\t\t\t<source_ip>2001:2:0:aab1::25</source_ip>
\t\t\t<count>1</count>
\t\t\t<policy_evaluated>
\t\t\t\t<disposition>none</disposition>
\t\t\t\t<dkim>fail</dkim>
\t\t\t\t<spf>fail</spf>
\t\t\t\t<reason><type>mailing_list</type><comment>list</comment></reason>
\t\t\t</policy_evaluated>
\t\t</row>
\t\t<identifiers><header_from>Beta.Test</header_from></identifiers>
\t\t<auth_results><dkim><domain>beta.test</domain><result>permerror</result></dkim></auth_results>
\t</record>
</feedback>
"""

# As RFC 9990 has it, in Rspamd's manner: a namespace, `np`, `testing`, a generator.
RFC9990 = b"""<?xml version="1.0" encoding="utf-8"?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">
  <version>1.0</version>
  <report_metadata>
    <org_name>Peer</org_name><email>postmaster@peer.test</email>
    <report_id>alpha.test.1764028800.1764115199</report_id>
    <date_range><begin>1764028800</begin><end>1764115199</end></date_range>
    <generator>a generator 1.0</generator>
  </report_metadata>
  <policy_published>
    <domain>alpha.test</domain><p>reject</p><sp>reject</sp><np>reject</np><testing>n</testing>
    <discovery_method>treewalk</discovery_method>
  </policy_published>
  <extension><x:new xmlns:x="urn:x">what we do not know</x:new></extension>
  <record>
    <row>
      <source_ip>::ffff:198.18.0.21</source_ip><count>7</count>
      <policy_evaluated>
        <disposition>pass</disposition><dkim> Pass
        </dkim><spf>FAIL</spf>
      </policy_evaluated>
    </row>
    <identifiers>
      <envelope_from>alpha.test</envelope_from><header_from>alpha.test</header_from>
    </identifiers>
    <auth_results>
      <dkim><domain>alpha.test</domain><result>pass</result><selector>s</selector></dkim>
    </auth_results>
  </record>
</feedback>
"""


def tls(*policies: dict[str, Any], **others: Any) -> bytes:
    """Return a TLS report with these policies."""
    report = {
        "organization-name": "Peer",
        "date-range": {
            "start-datetime": "2025-11-25T00:00:00Z",
            "end-datetime": "2025-11-25T23:59:59Z",
        },
        "contact-info": "postmaster@peer.test",
        "report-id": "2025-11-25T00:00:00Z_alpha.test",
        "policies": list(policies),
        **others,
    }
    return json.dumps(report, indent=1).encode()


def policy(kind: str, good: int, bad: int, *failures: dict[str, Any], **others: Any) -> Any:
    """Return one policy's result; without failures it has no details, as Google's have not."""
    details = {"failure-details": list(failures)} if failures else {}
    return {
        "policy": {"policy-type": kind, "policy-domain": "alpha.test", **others},
        "summary": {"total-successful-session-count": good, "total-failure-session-count": bad},
        **details,
    }


STS = policy("sts", 40, 0, **{"policy-string": ["version: STSv1", "mode: enforce"]})
# As tlsrpt-reporter for Postfix has it.
EXPIRED = policy(
    "tlsa", 5, 2,
    {
        "result-type": "certificate-expired", "failed-session-count": 2,
        "sending-mta-ip": "198.18.0.30", "receiving-mx-hostname": "mx1.alpha.test",
        "receiving-ip": "198.18.0.21", "failure-reason-code": "",
    },
    **{"policy-string": ["3 1 1 aabb"], "mx-host": ["mx1.alpha.test"]},
)  # fmt: skip


def zipped(**members: bytes) -> bytes:
    """Return a zip file; `__` in a name stands for a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def mail(
    content: bytes, media: str, name: str, subject: str = "Report domain: alpha.test"
) -> bytes:
    """Return a message with one attachment."""
    message = EmailMessage()
    message["From"] = "noreply@peer.test"
    message["To"] = "dmarc@alpha.test"
    message["Subject"] = subject
    message.set_content("This is an aggregate report.\n")
    main, sub = media.split("/")
    message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


GZIPPED = gzip.compress(GOOGLE)
DMARC_MAIL = mail(GZIPPED, "application/gzip", "google.com!alpha.test!1763942400!1764028799.xml.gz")
TLS_MAIL = mail(
    gzip.compress(tls(STS)), "application/tlsrpt+gzip",
    "google.com!alpha.test!1763942400!1764028799!001.json.gz",
    "Report Domain: alpha.test Submitter: google.com Report-ID: <1@google.com>",
).replace(b"multipart/mixed", b"multipart/report; report-type=tlsrpt")  # fmt: skip
LETTER = mail(b"\x00\x01", "application/octet-stream", "photo.bin", "Holiday")
FORWARDED = (
    b"Subject: Fwd: this came\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    b"--b\nContent-Type: message/rfc822\n\n" + DMARC_MAIL + b"\n--b--\n"
)
# As Google and Mimecast send it: the report is the whole message.
BARE = (
    b"Subject: Report domain: alpha.test Submitter: google.com Report-ID: 4711\n"
    b'Content-Type: application/gzip; name="google.com!alpha.test!1763942400!1764028799.xml.gz"\n'
    b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(GZIPPED)
)
