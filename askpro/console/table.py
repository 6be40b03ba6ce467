"""A small table on a row's page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from askpro.console import display
from askpro.console.scope import may_see
from askpro.language import engine_words
from askpro.language.text import Text
from askpro.queues.models import Job

NOTHING: Final[Text] = _("None.")
UNTAGGED: Final[Text] = _("No job carries its tag.")
JOBS: Final[Text] = _("Jobs")


@dataclass(slots=True)
class Table:
    """`rows` are sequences of cells: plain values, escaped by the template, or what `display` made."""

    title: Text
    heads: Sequence[Text]
    rows: list[Any] = field(default_factory=list)
    empty: Text = NOTHING
    note: Text = ""
    # Places of columns that hold numbers.
    numbers: tuple[int, ...] = ()


def job_table(
    user: Any,
    jobs: Iterable[Job],
    empty: Text = UNTAGGED,
    title: Text = JOBS,
) -> Table:
    """Jobs with how they stand; with links for who may open them."""
    opens = may_see(user, Job)
    rows = [
        [
            display.link(job, job.actor_name) if opens else job.actor_name,
            display.state(job),
            display.moment(job.created_at),
            len(job.attempts.all()),
            display.error_class(job.error_class) or display.shorten(engine_words.told(job.release_reason), 70),
        ]
        for job in jobs
    ]
    return Table(
        title, [_("Job"), _("State"), _("Sent"), _("Attempts"), _("Last error or reason")], rows, empty, numbers=(3,)
    )
