"""The chores process: heartbeat, promotion, recovery of the dead; beside it, in a thread, the apps' sweepers."""

import json
import logging
import select
import signal
import socket
import threading
import time
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.module_loading import import_string

from askpro.queues import acts, alerts, chores, schedule, watch
from askpro.queues.database import CONNECTION_ERRORS, EngineConnection
from askpro.queues.process import become_child
from askpro.queues.recover import Death, recover

log = logging.getLogger(__name__)

# Seconds between two runs of each chore.
PROMOTE_EVERY = 0.2
FREE_LOCKS_EVERY = 1.0
BEAT_EVERY = 2.0
WATCH_EVERY = 1.0
UNIQUE_EVERY = 10.0
OVERDUE_EVERY = 10.0
SWEEP_EVERY = 30.0
ALERT_EVERY = 5.0
SCHEDULE_EVERY = 1.0


class Rhythm:
    """A function and when it is due again."""

    def __init__(self, every: float, run: Callable[[], object]) -> None:
        self.every = every
        self.run = run
        self.due = 0.0

    def run_if_due(self) -> None:
        now = time.monotonic()
        if now >= self.due:
            self.due = now + self.every
            self.run()


class Chores:
    """One supervisor's chores. Deaths come over the socket from the forker and are acknowledged once recovered."""

    def __init__(self, supervisor_id: int, deaths: socket.socket) -> None:
        self._database = EngineConnection()
        self._watch = watch.Watch(supervisor_id)
        self._supervisor_id = supervisor_id
        self._socket = deaths
        self._buffer = b""
        self._dead: dict[int, Death] = {}
        self._stopping = False
        self._rhythms = [
            Rhythm(BEAT_EVERY, lambda: watch.beat(self._database, supervisor_id)),
            Rhythm(PROMOTE_EVERY, self._promote),
            Rhythm(FREE_LOCKS_EVERY, lambda: chores.free_locks(self._database)),
            Rhythm(WATCH_EVERY, lambda: self._watch.look(self._database)),
            Rhythm(UNIQUE_EVERY, lambda: chores.sweep_unique_keys(self._database)),
        ]

    def run(self) -> None:
        """Until the forker closes its end of the socket and every death is recovered."""
        while not self._stopping or self._dead:
            try:
                self._recover()
                for rhythm in self._rhythms:
                    rhythm.run_if_due()
            except CONNECTION_ERRORS as error:
                self._watch.forget()
                log.warning("Chores wait for PostgreSQL: %s", type(error).__name__)
                time.sleep(0.5)
            self._listen()
        watch.leave(self._database, self._supervisor_id)

    def _promote(self) -> None:
        while chores.promote(self._database) == chores.AT_ONCE:
            pass

    def _recover(self) -> None:
        for number, death in list(self._dead.items()):
            count = recover(self._database, death)
            del self._dead[number]
            self._acknowledge(number)
            if count or death.started:
                log.warning("Worker %d died: %d jobs are ready again", death.worker_id, count)

    def _acknowledge(self, number: int) -> None:
        try:
            self._socket.send(number.to_bytes(8, "big"))
        except OSError:
            # The forker is gone; its successor reads the same from the rows.
            self._stopping = True

    def _listen(self) -> None:
        if self._stopping:
            return
        readable, _, _ = select.select([self._socket], [], [], PROMOTE_EVERY / 2)
        if not readable:
            return
        data = self._socket.recv(1 << 20)
        self._stopping = not data
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            report = json.loads(line)
            death = Death(report["worker_id"], report["started"], report["timed_out"])
            self._dead[report["number"]] = death


class Sweeping(threading.Thread):
    """Calls the apps' sweepers and the alerts. An error in one stops none of the others."""

    def __init__(self) -> None:
        super().__init__(name="sweeping", daemon=True)
        self._rhythms = [
            Rhythm(ALERT_EVERY, alerts.tell_of_dead_jobs),
            Rhythm(OVERDUE_EVERY, acts.end_overdue),
            Rhythm(OVERDUE_EVERY, acts.end_expired),
            Rhythm(SCHEDULE_EVERY, schedule.Timetable().send_due),
            *(Rhythm(SWEEP_EVERY, partial(_sweep, path)) for path in settings.SWEEPERS),
        ]

    def run(self) -> None:
        while True:
            for rhythm in self._rhythms:
                try:
                    rhythm.run_if_due()
                except Exception as error:  # the loop's edge: the next sweep tries again
                    log.exception("A sweeper failed: %s", type(error).__name__)
                    if isinstance(error, DatabaseError):
                        connection.close()
            time.sleep(1)


def _sweep(path: str) -> None:
    import_string(path)()


def run_chores(supervisor_id: int, deaths: socket.socket, parent: int) -> None:
    """The chores process's main."""
    become_child("askpro chores", parent)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Sweeping().start()
    Chores(supervisor_id, deaths).run()
