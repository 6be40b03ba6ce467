"""Pick-up: from `send` to the first line of the function, while nothing else is to be done."""

from contextlib import closing

from askpro.bench import idle
from askpro.bench.ear import Ear
from askpro.bench.report import Report
from askpro.bench.session import Session

SENDS = (504, 60)
# In how many turns the two sides take theirs.
TURNS = 6
LIMITS = {"p50": 5.0, "p99": 25.0}


def measure(session: Session, report: Report) -> None:
    """`send` with its own commit, so what is measured holds everything a caller waits for and the way to the worker."""
    ours, peer = session.arena.ours, session.arena.peer()
    taken: dict[str, list[float]] = {ours.name: [], peer.name: []}
    strangers = []
    with closing(Ear()) as ear:
        turns = session.effort.turns(TURNS)
        for turn in range(turns):
            for side in (ours, peer):
                session.steps.say(f"Pick-up: {side.name}, turn {turn + 1} of {turns}")
                count = session.effort.size(*SENDS) // turns
                waited, share = idle.turn(side, ear, lambda side=side: side.send("start"), count)  # type: ignore[misc]
                taken[side.name] += waited
                strangers.append(share)
                session.steps.done()
    report.figures += idle.figures(
        "pick-up when idle", taken[ours.name], taken[peer.name], peer.name, LIMITS, strangers
    )
