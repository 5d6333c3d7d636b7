"""Entry point of scripts/lab."""

from postwright.lab.cli import app

app(prog_name="lab")
