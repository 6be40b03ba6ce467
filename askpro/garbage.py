"""How often a process looks for garbage that refers to itself."""

import gc
from typing import Final

# So many new objects between two looks. With Python's 700 they took a seventh of the time in which the code is loaded.
EVERY: Final = 20_000


def look_rarely() -> None:
    """Set it for this process, and for those that it forks."""
    gc.set_threshold(EVERY, *gc.get_threshold()[1:])
