"""The senders: every job is sent in a transaction that also notes that it was sent."""

import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, InterfaceError, connection, transaction

from askpro.queues import chain
from askpro.queues.ledger import hints
from tests.chaos import actors, composed

KEYS = 7
SHARED_KEYS = 1
STEPS = 4
SENDERS = 3
# The share of each kind, in a hundred things that are sent.
MIX = {
    "atomic": 35,
    "plain": 10,
    "alone": 10,
    "chain": 4,
    "third_time_lucky": 5,
    "parent": 10,
    "slow": 5,
    "tolerant": 2,
    "strict": 2,
    "ordered": 5,
    "shared": 4,
    "unique": 5,
    "lingering": 1,
    "breaks": 2,
}
# Half of a disaster's jobs exist when it begins; the others are sent over this many seconds.
SPREAD = 2.0


class Load:
    """Sends jobs from several threads and remembers how long Redis kept them waiting."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._next = 0
        self._threads: list[threading.Thread] = []
        self.refused = 0
        self.longest_push = 0.0
        self.errors: list[str] = []
        self._time_pushes()

    def send(self, jobs: int) -> None:
        """Begin to send about `jobs` jobs."""
        for sender in range(SENDERS):
            thread = threading.Thread(target=self._send_some, args=(jobs // SENDERS, sender), daemon=True)
            thread.start()
            self._threads.append(thread)

    def join(self) -> None:
        """Wait until everything is sent."""
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _send_some(self, jobs: int, sender: int) -> None:
        sent = 0
        while sent < jobs:
            if sent > jobs / 2:
                time.sleep(SPREAD * 12 / jobs)
            with self._lock:
                kinds = _first_of(jobs) if not sent else []
                kinds += self._random.choices(list(MIX), list(MIX.values()), k=self._random.randint(1, 12))
                numbers = range(self._next, self._next + len(kinds))
                self._next += len(kinds)
            try:
                with transaction.atomic():
                    sent += sum(_send(kind, number, sender) for kind, number in zip(kinds, numbers, strict=True))
            except (DatabaseError, InterfaceError):
                # PostgreSQL is down: the sender gets an error, and these numbers are never sent.
                self.refused += 1
                connection.close()
                time.sleep(0.1)
            except Exception as error:  # noqa: BLE001 - whatever it is, the verdict has to name it
                self.errors.append(repr(error))
        connection.close()

    def _time_pushes(self) -> None:
        push = hints.Pusher.push

        def timed(pusher: hints.Pusher, ids_by_queue: Mapping[str, Any]) -> None:
            began = time.monotonic()
            push(pusher, ids_by_queue)
            self.longest_push = max(self.longest_push, time.monotonic() - began)

        hints.Pusher.push = timed  # type: ignore[method-assign]


def _first_of(jobs: int) -> list[str]:
    """Each sender's first jobs: one that stays in its transaction, and more limited ones than a window allows."""
    return ["lingering"] + ["limited"] * max(2, jobs // 50)


def _send(kind: str, number: int, sender: int) -> int:
    """Note and send; return the number of job rows that there will be."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO sent VALUES (%s, %s)", [kind, number])
    if kind == "chain":
        chain([actors.link.message(number, step) for step in range(STEPS)]).send()
        return STEPS
    if kind in ("tolerant", "strict"):
        composed.batch(number, allow_failures=kind == "tolerant").send()
        return composed.rows_of(number)
    _send_one(kind, number, sender)
    return 2 if kind == "parent" else 1


def _send_one(kind: str, number: int, sender: int) -> None:
    if kind == "alone":
        actors.alone.send(number % KEYS, number)
    elif kind == "ordered":
        # Only one sender uses this key, so that the order of commits is the order of sends.
        composed.ordered.send(sender + SENDERS * (number % KEYS), number)
    elif kind == "shared":
        composed.shared.send(number % SHARED_KEYS, number)
    elif kind == "unique":
        composed.unique.send(number % KEYS, KEYS)
    else:
        getattr(actors if hasattr(actors, kind) else composed, kind).send(number)


@contextmanager
def sending(load: Load, jobs: int) -> Iterator[None]:
    """Do something while jobs are being sent."""
    load.send(jobs)
    time.sleep(0.2)
    yield
    load.join()
