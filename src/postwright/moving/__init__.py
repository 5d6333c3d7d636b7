"""Mailboxes move from one host to another, account by account (Postwright, role moving)."""
