"""Backups of a mail host, and the proof that they restore (role backup)."""
