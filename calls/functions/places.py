"""How many functions of one web process may wait at the same time, for Cal.com or for each other."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from django.conf import settings


@contextmanager
def place() -> Iterator[bool]:
    """Whether there is a place to wait in; without one the function answers at once what it knows.

    A web process has more threads than places (`FUNCTION_PLACES`), so that some are left for webhooks.
    """
    places = _places(settings.FUNCTION_PLACES)
    has_place = places.acquire(blocking=False)
    try:
        yield has_place
    finally:
        if has_place:
            places.release()


@lru_cache(maxsize=4)
def _places(number: int) -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(number)
