"""The forker's part of a request for stacks: asks the worker by a signal, and reads what it has written.

The worker's handler is C code that needs no GIL, so it also answers while a job's C code holds it.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from askpro.queues.processes.link import AskStacks, Stacks, Word
from askpro.queues.processes.page import ASK, Started
from askpro.queues.states import StackRefusal as Refusal
from askpro.queues.supervisor.child import Child, is_stopped, send_signal

# Seconds within which a process must have shown its stacks; it takes some milliseconds.
LONGEST_WAIT = 1.0


@dataclass(slots=True)
class Open:
    """A request that its worker has been asked for. `size`: of what it had written at the last look."""

    number: int
    child: Child
    thread: int
    until: float
    size: int = 0


class StackAsking:
    """All requests that this forker is working on; `say` tells the chores the answers."""

    def __init__(self, say: Callable[[Word], None]) -> None:
        self._say = say
        self._open: list[Open] = []

    def ask(self, asked: AskStacks, children: Collection[Child], now: float) -> None:
        child = next((each for each in children if each.page.worker_id == asked.worker_id), None)
        if child is None:
            return self._refuse(asked.number, Refusal.NO_WORKER)
        started = _started(child, asked)
        if started is None:
            return self._refuse(asked.number, Refusal.NOT_STARTED)
        if is_stopped(child.pid):
            return self._refuse(asked.number, Refusal.STOPPED)
        # A worker that is writing already answers this request, too.
        if not any(each.child is child for each in self._open):
            child.page.clear_stacks()
            send_signal(child.pid, ASK)
        self._open.append(Open(asked.number, child, started.thread, now + LONGEST_WAIT))
        return None

    def look(self, children: Collection[Child], now: float) -> None:
        """Answer what can be answered: stacks that have not grown since the last look are whole."""
        still_open = []
        for each in self._open:
            if each.child not in children:
                self._refuse(each.number, Refusal.NO_WORKER)
                continue
            size = each.child.page.size_of_stacks
            if size and size == each.size:
                self._say(Stacks(each.number, each.child.page.stacks(), each.thread))
            elif now > each.until:
                self._refuse(each.number, Refusal.STOPPED if is_stopped(each.child.pid) else Refusal.MUTE)
            else:
                each.size = size
                still_open.append(each)
        self._open = still_open

    def _refuse(self, number: int, refusal: Refusal) -> None:
        self._say(Stacks(number, refusal=str(refusal)))


def _started(child: Child, asked: AskStacks) -> Started | None:
    return next(
        (each for each in child.page.started() if (each.job_id, each.claim_no) == (asked.job_id, asked.claim_no)), None
    )
