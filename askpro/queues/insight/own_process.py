"""What people ask of the jobs of a worker without a forker: it answers by itself, as long as its threads get a turn."""

import faulthandler
import tempfile
from collections.abc import Callable, Iterable

from askpro.queues.insight import profiler, stacks
from askpro.queues.insight.stacks import Asked
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.database import Connection
from askpro.queues.processes.annex import Annex
from askpro.queues.processes.page import LONGEST_STACKS
from askpro.queues.states import StackRefusal


class OwnProcess:
    """`running`: the jobs that threads of this process work on."""

    def __init__(
        self, database: Connection, supervisor_id: int, running: Callable[[], Iterable[Claim]], annex: Annex | None
    ) -> None:
        self._database = database
        self._supervisor_id = supervisor_id
        self._running = running
        self._annex = annex
        self._newest_profile = -1

    def look(self) -> None:
        """Take what was asked, and answer it. Raises one of `CONNECTION_ERRORS`."""
        for asked in stacks.take(self._database, self._supervisor_id):
            self._answer(asked)
        newest = profiler.newest(self._database)
        if newest != self._newest_profile and self._annex is not None:
            self._newest_profile = newest
            self._annex.call()

    def _answer(self, asked: Asked) -> None:
        for claim in self._running():
            if (claim.id, claim.claim_no) == (asked.job_id, asked.claim_no):
                stacks.answer(self._database, asked.number, _written(), claim.thread_id)
                return
        stacks.refuse(self._database, asked.number, StackRefusal.NOT_STARTED)


def _written() -> str:
    with tempfile.TemporaryFile() as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        return file.read(LONGEST_STACKS).decode("utf-8", "replace")
