"""Keep this host's TLS keys and certificates (Postwright, role certificates)."""
