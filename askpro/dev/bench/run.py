"""All measurements of one run, one after the other."""

from collections.abc import Callable, Sequence
from pathlib import Path

from django.core.management import call_command

from askpro.dev.bench.machine import describe
from askpro.dev.bench.measures import (
    complete,
    composed,
    fairness,
    flood,
    functions,
    history,
    ingest,
    metrics,
    pickup,
    sends,
    throughput,
    weight,
)
from askpro.dev.bench.peers import kinds
from askpro.dev.bench.peers import measure as peers
from askpro.dev.bench.progress import Steps
from askpro.dev.bench.report import Report, print_json, print_table
from askpro.dev.bench.session import Effort, Session
from askpro.dev.bench.sides.arena import Arena

MEASURES: dict[str, Callable[[Session, Report], None]] = {
    "jobs": throughput.measure_empty,
    "atomic": throughput.measure_atomic,
    "batch": composed.measure_batch,
    "chain": composed.measure_chain,
    "unique": sends.measure_unique,
    "send": sends.measure_transaction,
    "history": history.measure,
    "metrics": metrics.measure,
    "weight": weight.measure,
    "pickup": pickup.measure,
    "fairness": fairness.measure,
    "ingest": ingest.measure,
    "flood": flood.measure,
    "complete": complete.measure,
    "functions": functions.measure,
    "peers": peers.measure,
}
# Jobs of each side before its first turn.
WARM_UP = (1000, 1000)


def run(folder: Path, names: Sequence[str], effort: Effort, packages: Path | None, *, as_json: bool) -> None:
    """Measure and print; what was found before a failure is printed too. `packages` are the peers'."""
    report = Report(describe())
    try:
        with Steps(_steps(names, effort)) as steps, Arena(folder, effort.size(*WARM_UP)) as arena:
            steps.say("Schema")
            call_command("migrate", run_syncdb=True, verbosity=0)
            session = Session(folder, arena, steps, effort, packages)
            for name, measure in MEASURES.items():
                if name in names:
                    measure(session, report)
    finally:
        if report.figures or report.weights:
            (print_json if as_json else print_table)(report)


def _steps(names: Sequence[str], effort: Effort) -> int:
    rounds = effort.rounds
    steps = {
        "jobs": 3 * rounds + (0 if effort.quick else len(throughput.PREFETCHES)),
        "atomic": 2 * rounds,
        "batch": 2 * rounds,
        "chain": 2 * rounds + 2 * effort.turns(composed.TURNS),
        "unique": rounds,
        "send": rounds,
        "history": 2 * rounds + 1,
        "metrics": 2 * rounds,
        "weight": len(weight.KINDS),
        "pickup": 2 * effort.turns(pickup.TURNS),
        "fairness": 3 * rounds,
        "ingest": 3 * rounds,
        "flood": len(flood.NAMES) * rounds,
        "complete": 2 * effort.turns(complete.TURNS),
        "functions": 3 * rounds,
        "peers": peers.trials(quick=effort.quick) + (rounds + effort.turns(peers.TURNS)) * (1 + len(kinds.KINDS)),
    }
    return sum(steps[name] for name in names)
