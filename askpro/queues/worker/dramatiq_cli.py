"""A worker process that was started by one of Dramatiq's own commands (`dramatiq`, `manage.py rundramatiq`).

No forker is above it. It writes two rows: one as its own supervisor, with the heartbeat in a thread, and one as that
supervisor's worker. When it dies, the chores of any `queues_run` find it as they find the workers of a dead host. No
forker reports then what it was running, so a begun job counts as lost, not as crashed; and no forker kills the process
when a job ignores its time limit.
"""

import logging
import os
import threading

from django.conf import settings
from django.db.backends.signals import connection_created
from django.utils.module_loading import import_string
from dramatiq import Worker

from askpro.queues.fleet import heartbeat
from askpro.queues.fleet.state import SILENT_AFTER
from askpro.queues.insight.own_process import OwnProcess
from askpro.queues.insight.record import listen
from askpro.queues.ledger import hints
from askpro.queues.ledger.database import CONNECTION_ERRORS, EngineConnection, application_name
from askpro.queues.processes.page import Page
from askpro.queues.states import LIVING
from askpro.queues.worker.interrupts import Interrupter
from askpro.queues.worker.workload import Workload

log = logging.getLogger(__name__)

BEAT_EVERY = 2.0
WARN_EVERY = 60.0
HAS_CHORES = f"""
SELECT EXISTS (SELECT 1 FROM queues_supervisor WHERE status IN {LIVING} AND environment <> %s
                  AND beat_at > clock_timestamp() - %s * interval '1 second')
"""


class Guest:
    """The engine's part of the process. Raises one of `CONNECTION_ERRORS` while PostgreSQL is away."""

    def __init__(self, worker: Worker) -> None:
        self._database = EngineConnection()
        version = settings.CODE_VERSION
        self._supervisor_id = heartbeat.register_supervisor(self._database, os.getpid(), heartbeat.DRAMATIQ, version)
        worker_id = heartbeat.register_worker(self._database, self._supervisor_id, heartbeat.DRAMATIQ)
        self._page = Page()
        self._page.register(worker_id, heartbeat.page_name(self._database, worker_id))
        self._begin(worker_id)
        self.workload = Workload(worker_id, worker.worker_threads, version, self._page)
        self.workload.attach(worker)
        connection_created.connect(listen)
        Interrupter(self.workload).start()
        self._looks = OwnProcess(self._database, self._supervisor_id, self.workload.running, self.workload.annex)
        self._stop = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="heart", daemon=True)
        self._heart.start()

    def stop(self) -> None:
        """Take no new jobs, and give back those that wait behind busy threads."""
        self.workload.stopping = True
        self.workload.give_back(message.claim for message in self.workload.take_back())

    def leave(self) -> None:
        """Settle what is left and sign off."""
        self.workload.finish()
        self._stop.set()
        self._heart.join()
        heartbeat.leave(self._database, self._supervisor_id)
        self._database.close()

    def _begin(self, worker_id: int) -> None:
        # libpq reads this at every connect: from here on, all sessions of this process carry the worker's name.
        os.environ["PGAPPNAME"] = application_name(worker_id)
        self._database.close()
        hints.pusher.cache_clear()
        for path in settings.AFTER_FORK:
            import_string(path)()

    def _beat(self) -> None:
        beats = 0
        while True:
            self._page.beat()
            try:
                heartbeat.beat(self._database, self._supervisor_id, living=[self.workload.worker_id])
                if beats % (WARN_EVERY // BEAT_EVERY) == 0 and not self._has_chores():
                    log.warning(heartbeat.NO_CHORES)
                self._looks.look()
                beats += 1
            except CONNECTION_ERRORS as error:
                log.warning("The heartbeat waits for PostgreSQL: %s", type(error).__name__)
            if self._stop.wait(BEAT_EVERY):
                return

    def _has_chores(self) -> bool:
        ((has_chores,),) = self._database.rows(HAS_CHORES, (heartbeat.DRAMATIQ, 2 * SILENT_AFTER))
        return bool(has_chores)
