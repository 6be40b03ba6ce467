"""What people ask of running jobs: the chores take their rows, let the forker look, and write the answers."""

from collections import deque

from askpro.queues.insight import profiler, stacks
from askpro.queues.ledger.database import Connection
from askpro.queues.processes.link import AskStacks, Link, LookForProfiles, Stacks


class Questions:
    """Those to one supervisor."""

    def __init__(self, database: Connection, supervisor_id: int, link: Link) -> None:
        self._database = database
        self._supervisor_id = supervisor_id
        self._link = link
        self._answers: deque[Stacks] = deque()
        # Unknown to a new chores process: its predecessor may have told the workers, or not.
        self._newest_profile = -1

    def take(self) -> None:
        """Raises one of `CONNECTION_ERRORS`."""
        for asked in stacks.take(self._database, self._supervisor_id):
            self._link.send(AskStacks(asked.number, asked.worker_id, asked.job_id, asked.claim_no))
        newest = profiler.newest(self._database)
        if newest != self._newest_profile:
            self._newest_profile = newest
            self._link.send(LookForProfiles())

    def hear(self, answer: Stacks) -> None:
        self._answers.append(answer)

    def answer(self) -> None:
        """Write the answers that have come. Raises one of `CONNECTION_ERRORS`: then they are written later."""
        while self._answers:
            said = self._answers[0]
            if said.refusal:
                stacks.refuse(self._database, said.number, said.refusal)
            else:
                stacks.answer(self._database, said.number, said.text, said.thread)
            self._answers.popleft()
