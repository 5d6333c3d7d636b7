"""A local server that speaks Cloudflare's API (v4), as far as zones and DNS records go.

Real HTTP on loopback, so that the official SDK and whatever lies below it are what is tested.

Documented at developers.cloudflare.com, page by page:

- /api: answers are `{success, errors, messages, result, result_info}`, ids are 32 hex digits.
- /api/resources/user/subresources/tokens: `GET /user/tokens/verify`.
- /api/resources/zones/methods/list: what the token may see, 5 to 50 a page.
- /api/resources/dns/subresources/records/methods/list (and the OpenAPI schema
  `dns-records_per_page`): 1 to 5,000,000 records a page, 100 if not said.
- /dns/manage-dns-records/how-to/batch-record-changes: deletes, patches, puts, posts in this order;
  one transaction, whose first error is answered; 200 changes on the free plan, 3,500 on others.
- /dns/manage-dns-records/reference/ttl: 60 to 86,400 seconds (30 for Enterprise), 1 is automatic.
- /dns/manage-dns-records/reference/dns-record-types: 4,096 bytes a record on the wire, 8,192
  characters for all of one name and type; TXT content is quoted strings, cut at 255 bytes.
- /api/resources/dns/subresources/records/methods/create: names are complete and in Punycode; A and
  AAAA cannot stand beside a CNAME, nor NS beside anything.
- /dns/proxy-status: only A, AAAA and CNAME are proxied, and then their TTL is automatic.
- /fundamentals/api/reference/limits: 1,200 requests in 5 minutes, then 429 for 5 minutes with
  Retry-After.

Not documented, but seen in answers that public bug reports and tests of others quote: 81044,
81053, 81054, 81057 and 81058, 1004 and 9021, 971 (429), 1000 (verify; also for account-owned
tokens that are good), 9106 with status 400 (a bad token at dns_records), 9109 and 10000 (a token
without the right), 7003, `meta.read_only` (DNSControl #3850), a name outside the zone taken as
relative to it.

Could not be verified, so nothing may depend on it: the codes 81056, 9000, 9004 to 9006 and 1043;
which of 81057 and 81058 is answered when; the error of a batch, page, record or set beyond its
limit; whether the window of the request limit slides.

Not modelled: propagation to the name servers (not atomic, says the page on batches), other types
than those Postwright publishes and NS, filters other than `name` and `type`.
"""

from .clock import VirtualClock
from .faults import Fault
from .server import CloudflareServer
from .world import Token, World, Zone

__all__ = ["CloudflareServer", "Fault", "Token", "VirtualClock", "World", "Zone"]
