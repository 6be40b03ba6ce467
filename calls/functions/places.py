"""How many functions of one web process may wait at the same time, for Cal.com or for each other."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings


@contextmanager
def place(company_id: int) -> Iterator[bool]:
    """Whether there is a place to wait in; without one the function answers at once what it knows.

    A web process has more threads than places, so that some are left for webhooks. `FUNCTION_PLACES` are for
    everybody. A quarter of that number more is for companies of which nobody waits: one whose Cal.com hangs must not
    keep the callers of all others from being served.
    """
    has_place = _places.take(company_id, settings.FUNCTION_PLACES)
    try:
        yield has_place
    finally:
        if has_place:
            _places.give_back(company_id)


class _Places:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: Counter[int] = Counter()

    def take(self, company_id: int, places: int) -> bool:
        with self._lock:
            most = places if self._taken[company_id] else places + places // 4
            has_place = self._taken.total() < most
            if has_place:
                self._taken[company_id] += 1
            return has_place

    def give_back(self, company_id: int) -> None:
        with self._lock:
            self._taken[company_id] -= 1
            # Only who waits is remembered.
            self._taken += Counter()


_places = _Places()
