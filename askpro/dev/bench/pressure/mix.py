"""The jobs that are offered: a mix as production has it, small and short, over all queues."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from askpro.dev.bench.pressure.marks import UNMEASURED

# Of a hundred jobs.
QUEUES = {"critical": 20, "high": 15, "default": 30, "webhooks": 20, "notifications": 10, "low": 5}
# Its processes are so nice that they run when all others have nothing to do.
PATIENT = "low"
# One in so many runs for `SLOW` milliseconds, the others for `USUAL`.
SLOW_ONE_IN = 25
SLOW = 50
USUAL = (2, 3, 4, 5)
# One in so many shares a no_overlap key with others, or begins a chain.
KEYED_ONE_IN = 33
CHAIN_ONE_IN = 50
STEPS = 3
COMPANIES = 40
# A number without a common divisor with a hundred: neighbours go to different queues.
STRIDE = 37
_QUEUE_OF = [queue for queue, share in QUEUES.items() for _ in range(share)]


@dataclass(frozen=True, slots=True)
class Spec:
    """One job to be sent. A chain's steps count as jobs of their own."""

    number: int
    queue: str
    milliseconds: int
    is_keyed: bool = False
    steps: int = 1


def specs(first: int, count: int) -> Iterator[Spec]:
    """Jobs from number `first` on, `count` of them with the steps of chains."""
    number, left = first, count
    while left > 0:
        spec = _spec(number)
        if spec.steps > left:
            spec = Spec(number, spec.queue, spec.milliseconds)
        yield spec
        number += 1
        left -= spec.steps


def jobs(chosen: Sequence[Spec], moment: int) -> Iterator[tuple[Spec, int]]:
    """For who has no chains: each step as a job of its own, with the moment from which its start is measured."""
    for spec in chosen:
        for step in range(spec.steps):
            yield spec, measured_from(spec, step, moment)


def measured_from(spec: Spec, step: int, moment: int) -> int:
    """`moment`, unless the job waits for another one, or for everybody as those of the patient queue do."""
    return UNMEASURED if step or spec.is_keyed or spec.queue == PATIENT else moment


def rest(milliseconds: int) -> None:
    """What a job does: it waits for somebody outside."""
    time.sleep(milliseconds / 1000)


def total(chosen: Sequence[Spec]) -> int:
    return sum(spec.steps for spec in chosen)


def _spec(number: int) -> Spec:
    queue = _QUEUE_OF[number * STRIDE % len(_QUEUE_OF)]
    milliseconds = SLOW if number % SLOW_ONE_IN == 0 else USUAL[number % len(USUAL)]
    if number % CHAIN_ONE_IN == 1:
        return Spec(number, queue, milliseconds, steps=STEPS)
    return Spec(number, queue, milliseconds, is_keyed=number % KEYED_ONE_IN == 2)
