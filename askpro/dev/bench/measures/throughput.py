"""Jobs a second: empty ones with their full history, and atomic ones with one effect row each."""

from askpro.dev.bench.figures import Figure, Target
from askpro.dev.bench.measures.rounds import Rounds, take
from askpro.dev.bench.models import Effect
from askpro.dev.bench.report import Report
from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.arena import rest
from askpro.dev.bench.sides.contenders import Ours, RedisBroker, Run, Side
from askpro.dev.up.failure import Failure

# Around the best value, which differs little between machines.
PREFETCHES = (100, 200, 500)
USUAL_BEST = 200
EMPTY = (30_000, 10_000)
ATOMIC = (6_000, 2_000)


def measure_empty(session: Session, report: Report) -> None:
    """Ours, RedisBroker with its defaults, and RedisBroker with the prefetch that did best in a trial."""
    jobs = session.effort.size(*EMPTY)
    session.steps.say("Workers start")
    ours, plain = session.arena.ours, session.arena.peer()
    best = session.arena.peer(USUAL_BEST) if session.effort.quick else _best(session, jobs // 3)
    rounds = take(session, "Empty jobs", (ours, plain, best), lambda side: side.run("empty", [{}] * jobs))
    report.figures += _empty_figures(rounds, ours.name, plain.name, best.name)
    report.add_costs(rounds.costs())


def _best(session: Session, jobs: int) -> RedisBroker:
    rates = {}
    for prefetch in PREFETCHES:
        side = session.arena.peer(prefetch)
        session.steps.say(f"Empty jobs: trial of {side.name}")
        rates[prefetch] = side.run("empty", [{}] * jobs).rate
        rest(side)
        session.steps.done()
    return session.arena.peer(max(rates, key=rates.__getitem__))


def measure_atomic(session: Session, report: Report) -> None:
    """Our side runs them exactly once; RedisBroker runs the same INSERT at least once, without a transaction."""
    jobs = session.effort.size(*ATOMIC)
    ours, peer = session.arena.ours, session.arena.peer(USUAL_BEST)
    rounds = take(session, "Atomic jobs", (ours, peer), lambda side: _run_effects(side, jobs))
    figure = Figure(
        "atomic jobs, one INSERT each",
        "jobs/s",
        rounds.rates(ours.name),
        rounds.rates(peer.name),
        f"{peer.name}, INSERT without exactly-once",
        strangers=rounds.strangers(ours.name),
    )
    report.figures.append(figure)


def _run_effects(side: Side, jobs: int) -> Run:
    Effect.objects.all().delete()
    run = side.run("effect", [{"number": number} for number in range(jobs)])
    effects = Effect.objects.values("number").distinct().count(), Effect.objects.count()
    if isinstance(side, Ours) and effects != (jobs, jobs):
        raise Failure(f"{jobs} atomic jobs left {effects[1]} effects, {effects[0]} different ones: not exactly once.")
    return run


def _empty_figures(rounds: Rounds, ours: str, plain: str, best: str) -> list[Figure]:
    rates, strangers = rounds.rates(ours), rounds.strangers(ours)
    return [
        Figure(
            "empty jobs, full history",
            "jobs/s",
            rates,
            rounds.rates(plain),
            f"{plain} as it comes, no history",
            Target("ratio", at_least=2.5),
            strangers=strangers,
        ),
        Figure(
            "empty jobs, full history",
            "jobs/s",
            rates,
            rounds.rates(best),
            f"{best}, no history",
            Target("ratio", at_least=1.5),
            strangers=strangers,
        ),
        Figure(
            "enqueue in one transaction",
            "jobs/s",
            rounds.enqueue_rates(ours),
            rounds.enqueue_rates(plain),
            f"{plain}, send() by send()",
            strangers=strangers,
        ),
    ]
