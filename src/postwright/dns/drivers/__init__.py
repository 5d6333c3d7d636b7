"""Drivers: how records are read and changed at each kind of provider."""

from .base import Capabilities, Driver
from .rfc2136 import Rfc2136, Server

__all__ = ["Capabilities", "Driver", "Rfc2136", "Server"]
