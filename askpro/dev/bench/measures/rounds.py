"""The runs of some sides, taken in turns."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.arena import rest
from askpro.dev.bench.sides.contenders import Contender, Run


@dataclass
class Rounds:
    """The runs of each side by its name, in the order of the rounds, and what each side stores of a job."""

    runs: dict[str, list[Run]] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)

    def add(self, side: Contender, run: Run, name: str = "") -> None:
        """Give a `name` when one side has two sorts of runs."""
        self.runs.setdefault(name or side.name, []).append(run)
        self.kept[name or side.name] = side.kept

    def rates(self, name: str) -> list[float]:
        return [run.rate for run in self.runs[name]]

    def enqueue_rates(self, name: str) -> list[float]:
        return [run.enqueue_rate for run in self.runs[name]]

    def strangers(self, name: str) -> list[float]:
        return [run.cost.strangers for run in self.runs[name]]

    def costs(self, what: str = "") -> list[dict[str, Any]]:
        """Microseconds of processor time for each job, by process. `what` names jobs that are not single ones."""
        return [
            {
                "side": f"{name}, {what}" if what else name,
                "workers": _per_job([run.cost.workers / run.jobs for run in runs]),
                "postgres": _per_job([run.cost.postgres / run.jobs for run in runs if run.cost.postgres is not None]),
                "redis": _per_job([run.cost.redis / run.jobs for run in runs]),
                "kept": self.kept[name],
            }
            for name, runs in self.runs.items()
        ]


def take(session: Session, what: str, sides: Iterable[Contender], run: Callable[[Any], Run]) -> Rounds:
    """Let each side `run` in each round while the others are suspended."""
    rounds = Rounds()
    for number in range(session.effort.rounds):
        for side in sides:
            session.steps.say(f"{what}: {side.name}, round {number + 1}")
            rounds.add(side, run(side))
            rest(side)
            session.steps.done()
    return rounds


def _per_job(seconds: list[float]) -> float | None:
    return round(median(seconds) * 1e6, 1) if seconds else None
