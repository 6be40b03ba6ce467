"""What a dry run found, as the process that made it tells it to the one that asked: JSON, and nothing else."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from askpro.outside import Leaving
from askpro.queues.jobs.following import Following


class Ended(StrEnum):
    """How it ended: as a job does, or before that."""

    COMPLETED = "completed"
    DEAD = "dead"
    RETRYING = "retrying"
    RELEASED = "released"
    CANCELLED = "cancelled"
    # It was about to ask somebody outside: what follows depends on the answer.
    ASKED = "asked"
    OVERTIME = "overtime"
    # What it wrote could not have been committed.
    UNCOMMITTABLE = "uncommittable"
    # The row is not there any more, or in no state for it.
    IMPOSSIBLE = "impossible"
    BUSY = "busy"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Change:
    """One row: `columns` are (name, before, after). A new row has no `before`, a deleted one no `after`: None."""

    model: str
    key: str
    columns: list[tuple[str, Any, Any]]
    is_new: bool = False
    is_deleted: bool = False


@dataclass(slots=True)
class Report:
    """`changes` are the first of `written` rows; `uncaught` counts writes by table whose rows are not known.

    `follows` are the functions that would run once everything is committed. `then` is what would become of other jobs
    and batches, by how this one ends: as it did, or both ways if that depends on an answer.
    """

    ended: Ended = Ended.BROKEN
    error: str = ""
    message: str = ""
    asked: list[Leaving] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    written: int = 0
    uncaught: dict[str, int] = field(default_factory=dict)
    follows: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    then: dict[str, list[Following]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, told: dict[str, Any]) -> "Report":
        report = cls(**told)
        report.ended = Ended(report.ended)
        report.asked = [Leaving(**each) for each in told["asked"]]
        report.changes = [
            Change(**{**each, "columns": [tuple(column) for column in each["columns"]]}) for each in told["changes"]
        ]
        report.then = {how: [Following(**each) for each in found] for how, found in told["then"].items()}
        return report
