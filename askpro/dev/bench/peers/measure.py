"""Empty jobs and pick-up beside the peers, in turns."""

from contextlib import ExitStack, closing

from askpro.dev.bench.ear import Ear
from askpro.dev.bench.figures import Figure
from askpro.dev.bench.measures import idle
from askpro.dev.bench.measures.rounds import take
from askpro.dev.bench.measures.throughput import EMPTY
from askpro.dev.bench.peers.kinds import KINDS
from askpro.dev.bench.peers.rival import Kind, Rival, Setting
from askpro.dev.bench.report import Report
from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.arena import rest
from askpro.dev.bench.sides.contenders import Ours, Run

WARM_UP = 200
SENDS = (120, 30)
# The number of turns in which each side takes its sends.
TURNS = 3


def measure(session: Session, report: Report) -> None:
    """We run more jobs, since ours take less time; rates and times are for one job."""
    ours = session.arena.ours
    with ExitStack() as stack:
        rivals = [_started(session, kind, _best(session, kind), stack) for kind in KINDS]
        own_jobs = session.effort.size(*EMPTY)
        rounds = take(
            session,
            "Empty jobs",
            (ours, *rivals),
            lambda side: side.run("empty", [{}] * own_jobs) if isinstance(side, Ours) else _run(session, side),
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


def trials(*, quick: bool) -> int:
    """How many settings are tried before the measurement."""
    return 0 if quick else sum(len(kind.settings) for kind in KINDS if len(kind.settings) > 1)


def _best(session: Session, kind: Kind) -> Setting:
    """The setting with which it does the most jobs a second, all of them tried in this run."""
    if session.effort.quick or len(kind.settings) == 1:
        return kind.settings[0]
    rates: dict[Setting, float] = {}
    for setting in kind.settings:
        with ExitStack() as stack:
            rates[setting] = _run(session, _started(session, kind, setting, stack)).rate
        session.steps.done()
    return max(rates, key=rates.__getitem__)


def _started(session: Session, kind: Kind, setting: Setting, stack: ExitStack) -> Rival:
    session.steps.say(f"{kind.name} starts, {setting.label}")
    assert session.peers is not None
    rival = Rival(kind, setting, session.folder, session.peers)
    stack.callback(rival.program.stop)
    rival.wait()
    rival.run(WARM_UP)
    rest(rival)
    return rival


def _run(session: Session, rival: Rival) -> Run:
    return rival.run(session.effort.size(*rival.kind.jobs))


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
