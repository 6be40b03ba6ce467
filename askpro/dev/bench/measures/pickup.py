"""Pick-up: from `send` to the first line of the function, while nothing else is to be done."""

from askpro.dev.bench.measures import idle
from askpro.dev.bench.report import Report
from askpro.dev.bench.session import Session

SENDS = (504, 60)
# In how many turns the two sides take theirs.
TURNS = 6
LIMITS = {"p50": 5.0, "p99": 25.0}


def measure(session: Session, report: Report) -> None:
    """`send` with its own commit, so what is measured holds everything a caller waits for and the way to the worker."""
    ours, peer = session.arena.ours, session.arena.peer()
    size, turns = session.effort.size(*SENDS), session.effort.turns(TURNS)
    (mine, theirs), strangers = idle.by_turns(
        session, "Pick-up", (ours, peer), lambda side: side.send("start"), size, turns
    )
    report.figures += idle.figures("pick-up when idle", mine, theirs, peer.name, LIMITS, strangers)
