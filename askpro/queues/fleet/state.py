"""What a supervisor writes about itself with every heartbeat: JSON in its row, which commands and console read here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, Self

# A supervisor without a heartbeat for this many seconds no longer counts, and the others declare it dead.
SILENT_AFTER = 15.0
# A worker without a sign of life for this many seconds is stuck, and its forker kills it. A job may keep all other
# threads out of the interpreter until its time limit; but a process that is stopped is stuck whatever it runs.
STUCK_AFTER = 7.0


class Rate(NamedTuple):
    """Runs per second of a queue's jobs, and seconds per run."""

    runs: float
    run_time: float


class Bounds(NamedTuple):
    """The least and the most processes that a pool may have here, and what sets them: its strategy, or "by hand"."""

    min_processes: int
    max_processes: int
    strategy: str


class RunningJob(NamedTuple):
    """A job that a worker is running: the seconds so far, and the seconds left of its time limit."""

    job_id: str
    seconds: float
    left: float


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A worker as its forker sees it: private memory in MB, jobs run, seconds since its last sign of life."""

    memory: int = 0
    runs: int = 0
    silent: float = 0.0
    leaving: bool = False
    running: Sequence[RunningJob] = ()

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        known = {each.name: said[each.name] for each in fields(cls) if each.name in said}
        return cls(**{**known, "running": [RunningJob(*each[:3]) for each in known.get("running", ())]})


@dataclass(frozen=True, slots=True)
class GroupState:
    """Worker processes of the same queues: `working`, `alive` (with those that leave), `wanted` by the balancer."""

    pool: str
    queues: Sequence[str]
    working: int = 0
    alive: int = 0
    wanted: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """Everything that one supervisor writes, by the names of groups, pools and queues, and the ids of workers."""

    groups: Mapping[str, GroupState] = field(default_factory=dict)
    pools: Mapping[str, Bounds] = field(default_factory=dict)
    rates: Mapping[str, Rate] = field(default_factory=dict)
    workers: Mapping[int, WorkerState] = field(default_factory=dict)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """Read a row's `state`; another release may have written less, or more."""
        return cls(
            groups={name: _group(name, said) for name in {**said.get("queues", {}), **said.get("processes", {})}},
            pools={name: Bounds(*bounds[:3]) for name, bounds in said.get("pools", {}).items()},
            rates={queue: Rate(*rate[:2]) for queue, rate in said.get("rates", {}).items()},
            workers={int(key): WorkerState.from_json(each) for key, each in said.get("workers", {}).items()},
        )

    @property
    def processes(self) -> int:
        """How many work here."""
        return sum(group.working for group in self.groups.values())

    def groups_of(self, *, pool: str = "", queue: str = "") -> list[GroupState]:
        """The groups of a pool, or those that work a queue."""
        return [each for each in self.groups.values() if each.pool == pool or queue in each.queues]


def rate_of(queue: str, states: Iterable[State]) -> Rate:
    """The rate of a queue on all hosts: the sum of the runs, the longest of the run times."""
    rates = [state.rates[queue] for state in states if queue in state.rates]
    return Rate(sum(each.runs for each in rates), max((each.run_time for each in rates), default=0.0))


def _group(name: str, said: Mapping[str, Any]) -> GroupState:
    working, alive = said.get("processes", {}).get(name, (0, 0))[:2]
    wanted = said.get("wanted", {}).get(name, 0)
    # Groups of a balanced pool are called pool:queue.
    return GroupState(name.partition(":")[0], said.get("queues", {}).get(name, ()), working, alive, wanted)
