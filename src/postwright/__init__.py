"""Postwright: mail servers built, published, proven and rebuilt from one inventory."""
