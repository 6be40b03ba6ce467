"""Threads that can be left: what hangs in one of them holds up nothing else."""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from django.db import close_old_connections, connection

from askpro.deadline import deadline

log = logging.getLogger(__name__)


class Busy(TimeoutError):
    """What was asked for before has not ended yet."""


class Lane:
    """One thread, one task at a time, with a deadline for its sockets (`askpro.deadline`) and PostgreSQL."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._tasks: queue.SimpleQueue[tuple[Callable[[], Any], float, Future[Any]]] = queue.SimpleQueue()
        self._last: Future[Any] | None = None
        self._thread: threading.Thread | None = None

    def start(self, task: Callable[[], Any], seconds: float) -> "Future[Any]":
        """Begin it. The future may be left; the lane is busy until it has ended. Raises `Busy`."""
        if self._last is not None and not self._last.done():
            raise Busy(f"{self.name} is still at it")
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=f"watch-{self.name}", daemon=True)
            self._thread.start()
        self._last = Future()
        self._tasks.put((task, seconds, self._last))
        return self._last

    def run(self, task: Callable[[], Any], seconds: float) -> Any:
        """Its result, or what it raised. Raises `TimeoutError` when it does not end in time."""
        return self.start(task, seconds).result(timeout=seconds + 0.5)

    def _work(self) -> None:
        while True:
            task, seconds, future = self._tasks.get()
            try:
                close_old_connections()
                with deadline(seconds):
                    future.set_result(task())
            except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
                connection.close()
                future.set_exception(error)
