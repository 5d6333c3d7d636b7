"""Reports that others send about our mail: DMARC aggregate (RFC 9990) and TLS (RFC 8460)."""
