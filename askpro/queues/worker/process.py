"""A worker process: Dramatiq's worker over the ledger, from the fork to the last settled job."""

import logging
import os
import signal
import threading
import time
from collections.abc import Sequence

from django.conf import settings
from django.db.backends.signals import connection_created
from dramatiq import Worker as DramatiqWorker
from dramatiq import get_broker

from askpro.queues.config import Pool
from askpro.queues.fleet.heartbeat import page_name, register_worker
from askpro.queues.insight.record import listen
from askpro.queues.ledger.database import CONNECTION_ERRORS, EngineConnection, application_name
from askpro.queues.processes.child import become_child
from askpro.queues.processes.empty_looks import EmptyLooks
from askpro.queues.processes.page import Page
from askpro.queues.worker.broker import LedgerBroker
from askpro.queues.worker.interrupts import Interrupter
from askpro.queues.worker.middleware import Rest, StartOfJobs
from askpro.queues.worker.workload import Workload

log = logging.getLogger(__name__)

# The longest that an idle consumer sleeps, in milliseconds, and so the longest that a stop waits for it.
IDLE_TIMEOUT = 1500
# Seconds between two looks at the threads.
LOOK_EVERY = 2.0
# Seconds between two tries to reach PostgreSQL at the start.
CONNECT_PAUSE = 0.5


def run_worker(
    name: str, pool: Pool, queues: Sequence[str], page: Page, empty_looks: EmptyLooks, supervisor_id: int, parent: int
) -> None:
    """Work the `queues` of a pool until SIGTERM, then finish the running jobs and give the others back."""
    become_child(f"askpro worker {name}", parent)
    os.nice(pool.nice)
    page.show_stacks_when_asked()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    worker_id = _register(pool, supervisor_id, page, stop)
    broker = get_broker()
    assert isinstance(broker, LedgerBroker)
    if pool.rest:
        broker.add_middleware(Rest(pool.rest), before=StartOfJobs)
    workload = broker.workload = Workload(worker_id, pool.threads, settings.CODE_VERSION, page, empty_looks)
    broker.emit_after("process_boot")
    worker = DramatiqWorker(broker, queues=set(queues), worker_threads=pool.threads, worker_timeout=IDLE_TIMEOUT)
    workload.attach(worker)
    connection_created.connect(listen)
    Interrupter(workload).start()
    worker.start()
    while not stop.wait(LOOK_EVERY) and _is_whole(worker):
        page.beat()
    threading.Thread(target=_keep_beating, args=(page,), name="pulse", daemon=True).start()
    _stop(worker, workload)


def _register(pool: Pool, supervisor_id: int, page: Page, stop: threading.Event) -> int:
    database = EngineConnection()
    while True:
        page.beat()
        try:
            worker_id = register_worker(database, supervisor_id, pool.name)
            page.register(worker_id, page_name(database, worker_id))
            break
        except CONNECTION_ERRORS as error:
            # Dying here would count as a failed start, and each failed start delays the next fork longer.
            log.warning("A worker waits for PostgreSQL: %s", type(error).__name__, extra={"cause": error})
            if stop.wait(CONNECT_PAUSE):
                raise
    database.close()
    # libpq reads this at every connect: from here on, all sessions of this process carry the worker's name.
    os.environ["PGAPPNAME"] = application_name(worker_id)
    return worker_id


def _is_whole(worker: DramatiqWorker) -> bool:
    # A time limit strikes wherever the thread is. In Dramatiq's own code after the job, it kills the thread.
    if all(thread.is_alive() for thread in (*worker.workers, *worker.consumers.values())):
        return True
    log.warning("A thread died; its process finishes its running jobs and is then replaced")
    return False


def _keep_beating(page: Page) -> None:
    """Stopping may take as long as a job runs, or as long as PostgreSQL is away."""
    while True:
        page.beat()
        time.sleep(LOOK_EVERY)


def _stop(worker: DramatiqWorker, workload: Workload) -> None:
    workload.stopping = True
    workload.give_back(message.claim for message in workload.take_back())
    # No limit here: the forker knows the time limit of every job, and kills the process when a job ignores it.
    worker.stop(timeout=24 * 60 * 60 * 1000)
    workload.finish()
