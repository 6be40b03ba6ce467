"""Checks repeatedly for states that must not occur even for a moment."""

import threading
from contextlib import suppress
from types import TracebackType

from django.db import DatabaseError, InterfaceError, connection

from tests.chaos.rows import rows

EVERY = 0.1
# A copy that a killed worker had begun waits beside a younger one until claimed; two new copies never wait together.
TWO_COPIES = """
SELECT unique_key, count(*) FROM queues_job
 WHERE actor_name = 'unique' AND status IN ('queued', 'scheduled', 'retrying', 'released') AND claim_no = 0
 GROUP BY 1 HAVING count(*) > 1
"""


class Watcher(threading.Thread):
    """Watches inside `with`; `faults` is what it saw."""

    def __init__(self) -> None:
        super().__init__(name="watcher", daemon=True)
        self._over = threading.Event()
        self.faults: list[str] = []

    def __enter__(self) -> "Watcher":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(EVERY):
            try:
                self.faults += [f"{count} copies of {key} waited at once" for key, count in rows(TWO_COPIES)]
            except (DatabaseError, InterfaceError):
                with suppress(DatabaseError, InterfaceError):
                    connection.close()
        connection.close()
