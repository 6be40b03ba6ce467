"""A small table on a row's page."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from askpro.console import display
from askpro.console.scope import may_see
from askpro.queues.models import Job


@dataclass(slots=True)
class Table:
    """`rows` are sequences of cells: plain values, escaped by the template, or what `display` made."""

    title: str
    heads: list[str]
    rows: list[Any] = field(default_factory=list)
    empty: str = "None."
    note: str = ""
    # Places of columns that hold numbers.
    numbers: tuple[int, ...] = ()


def job_table(user: Any, jobs: Iterable[Job], empty: str = "No job carries its tag.", title: str = "Jobs") -> Table:
    """Jobs with how they stand; with links for who may open them."""
    opens = may_see(user, Job)
    rows = [
        [
            display.link(job, job.actor_name) if opens else job.actor_name,
            display.state(job),
            display.moment(job.created_at),
            len(job.attempts.all()),
            display.error_class(job.error_class) or display.shorten(job.release_reason, 70),
        ]
        for job in jobs
    ]
    return Table(title, ["Job", "State", "Sent", "Attempts", "Last error or reason"], rows, empty, numbers=(3,))
