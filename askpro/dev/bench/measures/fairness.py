"""Tenants that take turns: what it costs the queue, and how long one job waits behind many of another tenant."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from statistics import median

from dramatiq import Message

from askpro.dev.bench import tasks
from askpro.dev.bench.ear import Ear
from askpro.dev.bench.figures import Figure, Target
from askpro.dev.bench.measures.rounds import Rounds
from askpro.dev.bench.report import Report
from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.arena import rest
from askpro.dev.bench.sides.contenders import Ours
from askpro.queues import send_many

JOBS = (20_000, 6_000)
TENANTS = 20
WARM_UP = 2_000
# Jobs of the tenant that floods the queue, and the seconds that each takes: five seconds of work for all threads.
FLOOD, EACH = (400, 400), 0.2
# Seconds until the flood keeps every thread busy.
SETTLED = 0.5
SENDS_ALONE = 5
# What a tenant's one job may wait longer than alone, in milliseconds.
MOST_LONGER = 2000.0
SIDES = {"in turn": "of_tenant_in_turn", "without": "of_tenant"}


def measure(session: Session, report: Report) -> None:
    """The same workers work both queues. Empty jobs come first: after slow ones, a process claims few at once."""
    with _workers(session) as ours, closing(Ear()) as ear:
        rounds = _throughput(session, ours)
        alone, behind = _waits(session, ours, ear)
    report.figures += _figures(rounds, alone, behind, _flood(session))
    report.add_costs(rounds.costs(f"jobs of {TENANTS} tenants"))


@contextmanager
def _workers(session: Session) -> Iterator[Ours]:
    session.steps.say("Workers start")
    session.arena.retire_ours()
    ours = Ours(session.folder, "fairness")
    try:
        ours.wait()
        # A process that has not run much yet claims few jobs at once.
        for kind in SIDES.values():
            ours.run(kind, [{"tenant": each % TENANTS} for each in range(WARM_UP)])
        yield ours
    finally:
        ours.program.stop()


def _throughput(session: Session, ours: Ours) -> Rounds:
    rounds, jobs = Rounds(), session.effort.size(*JOBS)
    for number in range(session.effort.rounds):
        for name, kind in SIDES.items():
            session.steps.say(f"Jobs of {TENANTS} tenants, {name}, round {number + 1}")
            rounds.add(ours, ours.run(kind, [{"tenant": each % TENANTS} for each in range(jobs)]), name)
            rest(ours)
            session.steps.done()
    return rounds


def _waits(session: Session, ours: Ours, ear: Ear) -> tuple[list[float], list[float]]:
    """Milliseconds that a tenant's one job waits, alone and behind the other tenant's, in each round."""
    alone, behind = [], []
    for number in range(session.effort.rounds):
        session.steps.say(f"One job behind {_flood(session)} of another tenant, round {number + 1}")
        ours.program.release()
        alone.append(median(_wait(ear) for _ in range(SENDS_ALONE)))
        behind.append(_wait_behind(ear, _flood(session)))
        ours.finish()
        rest(ours)
        session.steps.done()
    return alone, behind


def _flood(session: Session) -> int:
    return session.effort.size(*FLOOD)


def _wait(ear: Ear) -> float:
    """Milliseconds from the send of a tenant's one job to its start."""
    return ear.wait_for(lambda: tasks.start_in_turn.send(tenant=1))


def _wait_behind(ear: Ear, flood: int) -> float:
    jobs: list[Message[None]] = [tasks.long_in_turn.message(tenant=0, seconds=EACH) for _ in range(flood)]
    send_many(jobs)
    time.sleep(SETTLED)
    return _wait(ear)


def _figures(rounds: Rounds, alone: list[float], behind: list[float], flood: int) -> list[Figure]:
    strangers = rounds.strangers("in turn")
    return [
        Figure(
            f"empty jobs of {TENANTS} tenants, in turn",
            "jobs/s",
            rounds.rates("in turn"),
            rounds.rates("without"),
            "the same without `fair_by`",
            Target("ratio", at_least=0.9),
            strangers=strangers,
        ),
        Figure(
            f"one job behind {flood} of another tenant waits longer by",
            "ms",
            [more - less for more, less in zip(behind, alone, strict=True)],
            alone,
            "the same job alone",
            Target("askpro", at_most=MOST_LONGER),
            is_compared=False,
            strangers=strangers,
        ),
    ]
