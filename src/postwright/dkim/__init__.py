"""DKIM keys where they are used. Standard library only: it runs on mail hosts."""
