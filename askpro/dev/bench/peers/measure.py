"""Empty jobs and pick-up beside the peers, in turns."""

from contextlib import ExitStack, closing

from askpro.dev.bench.ear import Ear
from askpro.dev.bench.figures import Figure
from askpro.dev.bench.measures import idle
from askpro.dev.bench.measures.rounds import take
from askpro.dev.bench.measures.throughput import EMPTY
from askpro.dev.bench.peers.kinds import KINDS
from askpro.dev.bench.peers.rival import Rival
from askpro.dev.bench.report import Report
from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.arena import rest
from askpro.dev.bench.sides.contenders import Ours

JOBS = (2_000, 500)
WARM_UP = 200
SENDS = (120, 30)
# The number of turns in which each side takes its sends.
TURNS = 3


def measure(session: Session, report: Report) -> None:
    """We run more jobs, since ours take less time; rates and times are for one job."""
    ours = session.arena.ours
    with ExitStack() as stack:
        rivals = [_started(session, number, stack) for number in range(len(KINDS))]
        jobs, own_jobs = session.effort.size(*JOBS), session.effort.size(*EMPTY)
        rounds = take(
            session,
            "Empty jobs",
            (ours, *rivals),
            lambda side: side.run("empty", [{}] * own_jobs) if isinstance(side, Ours) else side.run(jobs),
        )
        waited = _pick_up(session, ours, rivals)
    for rival in rivals:
        report.figures += [
            Figure(
                "empty jobs, full history",
                "jobs/s",
                rounds.rates(ours.name),
                rounds.rates(rival.name),
                f"{rival.name}, keeps {rival.kept}",
                strangers=rounds.strangers(rival.name),
            ),
            *idle.figures("pick-up when idle", waited[ours.name], waited[rival.name], rival.name, {}, []),
        ]
    report.add_costs(rounds.costs())


def _started(session: Session, number: int, stack: ExitStack) -> Rival:
    kind = KINDS[number]
    session.steps.say(f"{kind.name} starts")
    assert session.peers is not None
    rival = Rival(kind, session.folder, session.peers)
    stack.callback(rival.program.stop)
    rival.wait()
    rival.run(WARM_UP)
    rest(rival)
    return rival


def _pick_up(session: Session, ours: Ours, rivals: list[Rival]) -> dict[str, list[float]]:
    waited: dict[str, list[float]] = {name: [] for name in (ours.name, *(rival.name for rival in rivals))}
    turns = session.effort.turns(TURNS)
    count = session.effort.size(*SENDS) // turns
    for turn in range(turns):
        session.steps.say(f"Pick-up: {ours.name}, turn {turn + 1} of {turns}")
        with closing(Ear()) as ear:
            waited[ours.name] += idle.turn(ours, ear, lambda: ours.send("start"), count)[0]
        session.steps.done()
        for rival in rivals:
            session.steps.say(f"Pick-up: {rival.name}, turn {turn + 1} of {turns}")
            waited[rival.name] += rival.pick_up(count)
            session.steps.done()
    return waited
