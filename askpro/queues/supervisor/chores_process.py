"""The forker's side of the chores process: keeps one alive, and reports each death until it has been recovered."""

import logging
import os
import signal
import time
from collections.abc import Iterator, Sequence

from askpro.queues.chores.process import run_chores
from askpro.queues.config import Pool
from askpro.queues.processes.empty_looks import EmptyLooks
from askpro.queues.processes.fork import fork, in_words
from askpro.queues.processes.link import Died, Farewell, Link, Recovered, Word
from askpro.queues.supervisor.child import KILL_GRACE, Child, is_stopped, send_signal

log = logging.getLogger(__name__)

# Seconds between two starts of a chores process that ended.
PAUSE = 1.0


class ChoresProcess:
    """Everything that the forker has to tell the chores goes through here; what cannot be sent yet is sent later."""

    def __init__(self, supervisor_id: int, pools: Sequence[Pool], empty_looks: EmptyLooks) -> None:
        self._supervisor_id = supervisor_id
        self._pools = pools
        self._empty_looks = empty_looks
        self._forker_pid = os.getpid()
        self._fork_at = 0.0
        self.pid = 0
        self.link: Link | None = None
        # Deaths that have not been recovered yet, by number.
        self.reports: dict[int, Died] = {}

    def fork_if_missing(self, now: float) -> None:
        if self.pid or now < self._fork_at:
            return
        self._fork_at = now + PAUSE
        ours, theirs = Link.pair()
        old, self.link = self.link, ours
        if old is not None:
            # After a takeover the old chores process is still alive; closing the link ends it.
            old.close()

        def work() -> None:
            ours.close()
            run_chores(self._supervisor_id, self._pools, theirs, self._empty_looks, self._forker_pid)

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
        """Report that a worker is gone, with what its page says: nothing else is left of it."""
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
        """Whether it reads what it is sent: if not, sending the current state is useless."""
        return self.link is not None and not self.link.is_jammed

    def heard(self) -> Iterator[Word]:
        """What it has told the forker. Deaths that it has recovered are forgotten here."""
        if self.link is None:
            return
        self.link.flush()
        for said in self.link.receive():
            if isinstance(said, Recovered):
                self.reports.pop(said.number, None)
            else:
                yield said

    def close(self) -> None:
        """Called in a forked child, which must not keep the parent's end open."""
        if self.link is not None:
            self.link.close()

    def farewell(self) -> None:
        """Tell it that nothing follows. It ends when it has done its last chores."""
        self.say(Farewell())
        self.close()
