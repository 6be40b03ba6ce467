"""How many passwords one web process looks at, at the same time: hashing one takes a processor for a third of a second,
and a flood from many networks is within the limits of each."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# One at a time, and so many wait for that, in threads that webhooks do not have meanwhile.
MOST: Final = 3
_inside: Final = threading.BoundedSemaphore(MOST)
_one: Final = threading.Lock()


class Full(Exception):
    """Others are being looked at; nothing was done."""


@contextmanager
def place() -> Iterator[None]:
    """Wait for the turn. Raises `Full` at once when too many wait."""
    if not _inside.acquire(blocking=False):
        raise Full
    try:
        with _one:
            yield
    finally:
        _inside.release()
