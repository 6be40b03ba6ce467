"""How long a send takes while there is nothing else to do."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

from askpro.dev.bench.ear import Ear
from askpro.dev.bench.figures import Figure, Target, percentile
from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.contenders import IDLE_SECONDS, Contender, Side
from askpro.dev.bench.sides.meter import Meter

# Sends before the first that counts.
SETTLED = 10


def by_turns(
    session: Session, what: str, sides: Sequence[Side], send: Callable[[Side], object], size: int, turns: int
) -> tuple[list[list[float]], list[float]]:
    """Milliseconds of `size` sends of each side, the sides taking turns, and the share of strangers in each turn."""
    taken: list[list[float]] = [[] for _ in sides]
    strangers = []
    with closing(Ear()) as ear:
        for number in range(turns):
            for side, waited in zip(sides, taken, strict=True):
                session.steps.say(f"{what}: {side.name}, turn {number + 1} of {turns}")
                some, share = turn(side, ear, partial(send, side), size // turns)
                waited += some
                strangers.append(share)
                session.steps.done()
    return taken, strangers


def turn(side: Contender, ear: Ear, send: Callable[[], object], count: int) -> tuple[list[float], float]:
    """Milliseconds from each `send` until a job reports its start, and the share of strangers.

    The other side is suspended meanwhile.
    """
    side.program.release()
    time.sleep(IDLE_SECONDS)
    for _ in range(SETTLED):
        ear.wait_for(send)
    meter = Meter(side.program)
    waited = [ear.wait_for(send) for _ in range(count)]
    strangers = meter.read().strangers
    time.sleep(0.2)
    side.program.hold()
    return waited, strangers


def figures(
    measure: str,
    ours: list[float],
    peer: list[float],
    peer_name: str,
    limits: dict[str, float],
    strangers: list[float],
) -> list[Figure]:
    """p50 and p99 of all sends together, a turn being too short for its own p99; `limits` in ms for ours."""
    return [
        Figure(
            f"{measure}, {name}",
            "ms",
            [percentile(ours, share)],
            [percentile(peer, share)],
            peer_name,
            Target("askpro", at_most=limits[name]) if name in limits else None,
            less_is_better=True,
            strangers=strangers,
        )
        for name, share in (("p50", 0.5), ("p99", 0.99))
    ]
