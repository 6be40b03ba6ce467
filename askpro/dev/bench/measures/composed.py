"""Jobs that belong together: a batch until its callback has run, and chains of five."""

from askpro.dev.bench.ear import Ear
from askpro.dev.bench.figures import Figure
from askpro.dev.bench.measures import idle
from askpro.dev.bench.measures.rounds import take
from askpro.dev.bench.measures.throughput import USUAL_BEST
from askpro.dev.bench.report import Report
from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.contenders import Side

BATCH = (10_000, 3_000)
STEPS = 5
CHAINS = (2_000, 400)
# The number of chains that run one at a time, at full and at --quick.
SINGLE_CHAINS = (60, 15)
TURNS = 3


def measure_batch(session: Session, report: Report) -> None:
    """The peer's group counts down a key in Redis: no row, no progress, and if a job dies it stays open for ever."""
    size = session.effort.size(*BATCH)
    ours, peer = session.arena.ours, session.arena.peer(USUAL_BEST, groups=True)
    rounds = take(session, f"A batch of {size:,}", (ours, peer), lambda side: side.run_batch(size))
    report.figures.append(
        Figure(
            f"a batch of {size:,} empty jobs, on_finish included",
            "jobs/s",
            rounds.rates(ours.name),
            rounds.rates(peer.name),
            f"{peer.name}, a group with GroupCallbacks, no history",
            strangers=rounds.strangers(ours.name),
        )
    )
    report.add_costs(rounds.costs("in a batch"))


def measure_chain(session: Session, report: Report) -> None:
    """Many chains at once for the rate, then one at a time. A message of the peer's carries the later steps."""
    count = session.effort.size(*CHAINS)
    ours, peer = session.arena.ours, session.arena.peer(USUAL_BEST)
    rounds = take(session, f"Chains of {STEPS}", (ours, peer), lambda side: side.run_chains(count, STEPS))
    report.figures.append(
        Figure(
            f"chains of {STEPS} empty jobs, many at once",
            "jobs/s",
            rounds.rates(ours.name),
            rounds.rates(peer.name),
            f"{peer.name}, pipelines, no history",
            strangers=rounds.strangers(ours.name),
        )
    )
    report.add_costs(rounds.costs(f"in chains of {STEPS}"))
    _measure_single(session, report)


def _measure_single(session: Session, report: Report) -> None:
    ours, peer = session.arena.ours, session.arena.peer()
    size, turns = session.effort.size(*SINGLE_CHAINS), session.effort.turns(TURNS)
    (mine, theirs), strangers = idle.by_turns(
        session, "One chain", (ours, peer), lambda side: side.send_chain(STEPS), size, turns
    )
    report.figures += idle.figures(
        f"a chain of {STEPS} when idle", mine, theirs, f"{peer.name}, a pipeline", {}, strangers
    )


def single_chains(side: Side, ear: Ear, length: int, count: int) -> tuple[list[float], float]:
    """Milliseconds from the send to the start of the last step, one chain after another, and the share of strangers."""
    return idle.turn(side, ear, lambda: side.send_chain(length), count)
