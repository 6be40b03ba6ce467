"""A worker process: Dramatiq's worker over the ledger, from the fork to the last settled job."""

import logging
import os
import signal
import threading
import time
from collections.abc import Sequence

from django.conf import settings
from dramatiq import Worker as DramatiqWorker
from dramatiq import get_broker

from askpro.queues.config import Pool
from askpro.queues.fleet.heartbeat import register_worker
from askpro.queues.ledger.database import CONNECTION_ERRORS, EngineConnection, application_name
from askpro.queues.processes.child import become_child
from askpro.queues.processes.empty_looks import EmptyLooks
from askpro.queues.processes.page import Page
from askpro.queues.worker.broker import LedgerBroker
from askpro.queues.worker.interrupts import Interrupter
from askpro.queues.worker.middleware import Rest, StartOfJobs
from askpro.queues.worker.workload import Workload

log = logging.getLogger(__name__)

# How long an idle consumer sleeps at most, in milliseconds: the longest a stop waits for it.
IDLE_TIMEOUT = 1500
# Seconds between two looks at the threads.
LOOK_EVERY = 2.0
# Seconds between two tries to reach PostgreSQL at the start.
CONNECT_PAUSE = 0.5


def run_worker(
    name: str, pool: Pool, queues: Sequence[str], page: Page, empty_looks: EmptyLooks, supervisor_id: int, parent: int
) -> None:
    """Work the `queues` of a pool until SIGTERM, then finish what runs and give the rest back."""
    become_child(f"askpro worker {name}", parent)
    os.nice(pool.nice)
    page.show_stacks_when_asked()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    worker_id = _register(pool, supervisor_id, page, stop)
    page.register(worker_id)
    broker = get_broker()
    assert isinstance(broker, LedgerBroker)
    if pool.rest:
        broker.add_middleware(Rest(pool.rest), before=StartOfJobs)
    workload = broker.workload = Workload(worker_id, pool.threads, settings.CODE_VERSION, page, empty_looks)
    broker.emit_after("process_boot")
    worker = DramatiqWorker(broker, queues=set(queues), worker_threads=pool.threads, worker_timeout=IDLE_TIMEOUT)
    workload.attach(worker)
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
            break
        except CONNECTION_ERRORS as error:
            # To die of it would count as trouble at the start, and the next fork would come ever later.
            log.warning("A worker waits for PostgreSQL: %s", type(error).__name__)
            if stop.wait(CONNECT_PAUSE):
                raise
    database.close()
    # libpq reads it at every connect: all sessions of this process carry the worker's name from here on.
    os.environ["PGAPPNAME"] = application_name(worker_id)
    return worker_id


def _is_whole(worker: DramatiqWorker) -> bool:
    # A time limit strikes wherever the thread is, in Dramatiq's own lines after the job as well: it dies of that.
    if all(thread.is_alive() for thread in (*worker.workers, *worker.consumers.values())):
        return True
    log.error("A thread died; its process finishes what runs and makes way for a new one")
    return False


def _keep_beating(page: Page) -> None:
    """The end may take as long as a job, or as PostgreSQL is away."""
    while True:
        page.beat()
        time.sleep(LOOK_EVERY)


def _stop(worker: DramatiqWorker, workload: Workload) -> None:
    workload.stopping = True
    workload.give_back(message.claim for message in workload.take_back())
    # No limit here: the forker knows every job's time limit and kills what ignores it.
    worker.stop(timeout=24 * 60 * 60 * 1000)
    workload.finish()
