"""Pick-up: from `send` to the first line of the function, while nothing else is to be done."""

import random
import time
from contextlib import closing

from askpro.bench.contenders import IDLE_SECONDS, Side
from askpro.bench.ear import Ear
from askpro.bench.figures import Figure, Target, percentile
from askpro.bench.meter import Meter
from askpro.bench.report import Report
from askpro.bench.session import Session

SENDS = (504, 60)
# In how many turns the two sides take theirs.
TURNS = 6
# Seconds between two sends; longer pauses would be the worse for RedisBroker, which then polls less often.
PAUSES = (0.01, 0.05)
SETTLED = 10


def measure(session: Session, report: Report) -> None:
    """`send` with its own commit, so what is measured holds everything a caller waits for and the way to the worker."""
    ours, peer = session.arena.ours, session.arena.peer()
    with closing(Ear()) as ear:
        taken: dict[str, list[list[float]]] = {ours.name: [], peer.name: []}
        strangers = []
        for turn in range(TURNS):
            for side in (ours, peer):
                session.steps.say(f"Pick-up: {side.name}, turn {turn + 1} of {TURNS}")
                waited, share = _turn(side, ear, session.effort.size(*SENDS) // TURNS)
                taken[side.name].append(waited)
                strangers.append(share)
                session.steps.done()
    report.figures += _figures(taken[ours.name], taken[peer.name], peer.name, strangers)


def _turn(side: Side, ear: Ear, sends: int) -> tuple[list[float], float]:
    """Milliseconds of each send, and the share of strangers. The other side is held still meanwhile."""
    side.program.release()
    time.sleep(IDLE_SECONDS)
    for _ in range(SETTLED):
        _one(side, ear)
    meter = Meter(side.program)
    waited = [_one(side, ear) for _ in range(sends)]
    strangers = meter.read().strangers
    time.sleep(0.2)
    side.program.hold()
    return waited, strangers


def _one(side: Side, ear: Ear) -> float:
    time.sleep(random.uniform(*PAUSES))
    sent = time.monotonic_ns()
    side.send("start")
    return (ear.hear() - sent) / 1e6


def _figures(ours: list[list[float]], peer: list[list[float]], peer_name: str, strangers: list[float]) -> list[Figure]:
    """Percentiles of all sends together: a turn is too short for its own p99."""
    mine, theirs = [each for turn in ours for each in turn], [each for turn in peer for each in turn]
    return [
        Figure(
            f"pick-up when idle, {name}",
            "ms",
            [percentile(mine, share)],
            [percentile(theirs, share)],
            peer_name,
            Target("askpro", at_most=limit),
            less_is_better=True,
            strangers=strangers,
        )
        for name, share, limit in (("p50", 0.5, 5.0), ("p99", 0.99, 25.0))
    ]
