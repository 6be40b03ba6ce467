"""The job that each thread runs now."""

import threading

from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import Connection


class Running(threading.local):
    """The claim that this thread is running; None outside of a worker."""

    claim: Claim | None = None
    worker_id: int = 0
    code_version: str = ""
    # The engine's connection, outside of the job's transaction; None in tests that run jobs in one.
    database: Connection | None = None


current = Running()
