"""Pick-up: from `send` to the first line of the function, while there is nothing else to do."""

from askpro.dev.bench.measures import idle
from askpro.dev.bench.report import Report
from askpro.dev.bench.session import Session

SENDS = (504, 60)
# The number of turns that each side takes.
TURNS = 6
LIMITS = {"p50": 5.0, "p99": 25.0}


def measure(session: Session, report: Report) -> None:
    """Each `send` commits, so the time includes all that a caller waits for and the way to the worker."""
    ours, peer = session.arena.ours, session.arena.peer()
    size, turns = session.effort.size(*SENDS), session.effort.turns(TURNS)
    (mine, theirs), strangers = idle.by_turns(
        session, "Pick-up", (ours, peer), lambda side: side.send("start"), size, turns
    )
    report.figures += idle.figures("pick-up when idle", mine, theirs, peer.name, LIMITS, strangers)
