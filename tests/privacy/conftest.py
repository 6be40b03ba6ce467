"""The console's world and log-ins."""

from tests.console.conftest import staff_with, world

__all__ = ["staff_with", "world"]
