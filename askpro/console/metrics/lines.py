"""The tables of metrics: one line for each queue, kind of job, company, vendor or route."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from askpro.language.text import Text
from askpro.metrics.exchange import FAILS
from askpro.metrics.figures import Exchanges
from askpro.queues.metrics.figures import Figures
from askpro.queues.metrics.histogram import Histogram
from calls.models import Company

MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Line:
    """`seconds` are those of all runs together. `query` leads to the charts of this one alone, where there are some."""

    name: str
    runs: int
    failed: int
    took: Histogram
    waited: Histogram | None = None
    query: str = ""

    @property
    def share(self) -> float:
        """Failed ones in a hundred."""
        return 100 * self.failed / self.runs if self.runs else 0.0

    @property
    def seconds(self) -> timedelta:
        return timedelta(seconds=self.took.sum)

    @property
    def times(self) -> list[timedelta | None]:
        """p50, p95 and p99 of what they took; of waiting, p95 alone."""
        return [_length(self.took, 0.5), _length(self.took, 0.95), _length(self.took, 0.99)]

    @property
    def waiting(self) -> timedelta | None:
        return _length(self.waited, 0.95) if self.waited else None


# By what lines can be ordered, the highest first.
SORTS: Final[dict[str, tuple[Text, Callable[[Line], float]]]] = {
    "runs": (gettext_lazy("most runs"), lambda line: line.runs),
    "p95": (gettext_lazy("slowest (p95)"), lambda line: line.took.quantile(0.95) or 0.0),
    "time": (gettext_lazy("most run time"), lambda line: line.took.sum),
    "failed": (gettext_lazy("most failures"), lambda line: line.failed),
}


@dataclass(frozen=True, slots=True)
class Lines:
    """A table: `more` lines are left out."""

    title: Text
    head: Text
    lines: list[Line]
    more: int = 0
    has_waits: bool = True


def of_jobs(found: Mapping[str, Figures], address: Callable[[str], str]) -> list[Line]:
    return [
        Line(name, each.runs, each.failed, each.run, each.wait, address(name))
        for name, each in found.items()
        if each.runs
    ]


def of_vendors(found: Mapping[Any, Exchanges], address: Callable[[str], str]) -> list[Line]:
    return [
        Line(
            str(key), each.count, sum(each.by_result.get(result, 0) for result in FAILS), each.took, None, address(key)
        )
        for key, each in found.items()
    ]


def table(title: Text, head: Text, lines: Iterable[Line], sort: str, *, has_waits: bool = True) -> Lines:
    """The first ones in this order."""
    _words, key = SORTS[sort]
    ordered = sorted(lines, key=lambda line: (-key(line), line.name))
    return Lines(title, head, ordered[:MOST], max(len(ordered) - MOST, 0), has_waits)


def of_companies(told: Lines) -> Lines:
    """The same table with the companies' names in place of their ids."""
    keys = [int(line.name) for line in told.lines]
    names = dict(Company.objects.filter(pk__in=keys).values_list("pk", "name"))
    gone = _("company %(id)s, deleted")
    return replace(
        told,
        lines=[replace(line, name=names.get(int(line.name)) or gone % {"id": line.name}) for line in told.lines],
    )


def _length(histogram: Histogram, share: float) -> timedelta | None:
    seconds = histogram.quantile(share)
    return None if seconds is None else timedelta(seconds=seconds)
