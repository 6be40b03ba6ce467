"""How many pages of one web process may wait for Cal.com at the same time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# Beside `FUNCTION_PLACES` and their quarter more: of 28 threads, these leave some for webhooks.
MOST: Final = 4
_places: Final = threading.BoundedSemaphore(MOST)


@contextmanager
def place() -> Iterator[bool]:
    """Whether there is a place to wait in; without one the page answers at once, and a job does the work."""
    has_place = _places.acquire(blocking=False)
    try:
        yield has_place
    finally:
        if has_place:
            _places.release()
