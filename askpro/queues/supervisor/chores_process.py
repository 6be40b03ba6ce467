"""The forker's side of the chores process: one is kept alive, and hears of every death until it has recovered it."""

import logging
import os
import signal
import time
from collections.abc import Iterator, Sequence

from askpro.queues.chores.process import run_chores
from askpro.queues.config import Pool
from askpro.queues.processes.fork import fork, in_words
from askpro.queues.processes.link import Died, Farewell, Link, Recovered, Word
from askpro.queues.supervisor.child import KILL_GRACE, Child, is_stopped, send_signal

log = logging.getLogger(__name__)

# Seconds between two starts of a chores process that ended.
PAUSE = 1.0


class ChoresProcess:
    """Everything that the forker has to say goes through here; what cannot be said yet is said later."""

    def __init__(self, supervisor_id: int, pools: Sequence[Pool]) -> None:
        self._supervisor_id = supervisor_id
        self._pools = pools
        self._forker_pid = os.getpid()
        self._fork_at = 0.0
        self.pid = 0
        self.link: Link | None = None
        # Deaths by number that nobody has recovered yet.
        self.reports: dict[int, Died] = {}

    def fork_if_missing(self, now: float) -> None:
        if self.pid or now < self._fork_at:
            return
        self._fork_at = now + PAUSE
        ours, theirs = Link.pair()
        old, self.link = self.link, ours
        if old is not None:
            # After a takeover the old chores process still lives; this is its end.
            old.close()

        def work() -> None:
            ours.close()
            run_chores(self._supervisor_id, self._pools, theirs, self._forker_pid)

        self.pid = fork(work)
        theirs.close()
        # The new process knows nothing: it is told again of every death that was not acknowledged.
        for report in self.reports.values():
            ours.send(report)

    def bury(self, code: int, is_expected: bool) -> None:
        self.pid = 0
        if code or not is_expected:
            log.error("A chores process ended (%s)", in_words(code))

    def kill_if_stopped(self) -> None:
        if self.pid and is_stopped(self.pid):
            log.error("The chores process is stopped; it is killed")
            self.kill()

    def kill(self) -> None:
        if self.pid:
            send_signal(self.pid, signal.SIGKILL)

    def report_death(self, child: Child) -> None:
        """A worker is gone; what its page says is all that is left of it."""
        if not child.page.worker_id:
            return
        now, started = time.monotonic(), child.page.started()
        report = Died(
            number=time.monotonic_ns(),
            pool=child.group,
            worker_id=child.page.worker_id,
            started=[(item.job_id, item.claim_no, now - item.started) for item in started],
            culprits=[item.job_id for item in started if now > item.limit + KILL_GRACE],
            cause=child.cause,
            stacks=child.page.stacks() if child.cause else "",
        )
        self.reports[report.number] = report
        self.say(report)

    def say(self, said: Word) -> None:
        if self.link is not None:
            self.link.send(said)

    @property
    def listens(self) -> bool:
        """It reads what it is told: the state of this moment is worth telling."""
        return self.link is not None and not self.link.is_jammed

    def heard(self) -> Iterator[Word]:
        """What it has told the forker; acknowledged deaths are forgotten."""
        if self.link is None:
            return
        self.link.flush()
        for said in self.link.receive():
            if isinstance(said, Recovered):
                self.reports.pop(said.number, None)
            else:
                yield said

    def close(self) -> None:
        """In a fork: this end is not the child's."""
        if self.link is not None:
            self.link.close()

    def farewell(self) -> None:
        """Nothing follows; it ends when it has done its last chores."""
        self.say(Farewell())
        self.close()
