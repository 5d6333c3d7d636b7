"""Ratios against the floors; `make bench` runs them."""
