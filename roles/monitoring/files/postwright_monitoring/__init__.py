"""What this mail host does, seen from inside (Postwright, role monitoring)."""
