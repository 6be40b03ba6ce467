"""The period that the page of metrics is about, in steps of which a chart has room for one bar each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from askpro.console.repair.moments import read_moment, written
from askpro.language.text import Text
from askpro.queues.metrics.figures import shortest_step

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
# By name: the words for it, its length, and the width of one step.
RANGES: Final[dict[str, tuple[Text, timedelta, timedelta]]] = {
    "hour": (gettext_lazy("Hour"), HOUR, MINUTE),
    "day": (gettext_lazy("24 hours"), DAY, 30 * MINUTE),
    "week": (gettext_lazy("7 days"), 7 * DAY, 3 * HOUR),
    "month": (gettext_lazy("30 days"), 30 * DAY, 12 * HOUR),
}
USUAL: Final = "day"
STEPS: Final = (
    *(minutes * MINUTE for minutes in (1, 5, 15, 30)),
    *(hours * HOUR for hours in (1, 3, 6, 12)),
    *(days * DAY for days in (1, 7)),
)
MOST_STEPS: Final = 62
# Figures of days are kept for about so long.
LONGEST: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Period:
    """`name` is that of a range which ends now; empty for one that was typed. `errors` say what was not understood."""

    name: str
    start: datetime
    end: datetime
    step: timedelta
    errors: tuple[str, ...] = ()

    @property
    def moments(self) -> list[datetime]:
        """The beginnings of its steps."""
        count = -(-(self.end - self.start) // self.step)
        return [self.start + number * self.step for number in range(max(count, 1))]

    @property
    def said(self) -> dict[str, str]:
        """The same as parts of an address."""
        return {"range": self.name} if self.name else {"from": written(self.start), "to": written(self.end)}


def read(said: Mapping[str, str], now: datetime) -> Period:
    """The period of an address: from and to, else a range by its name, else the last 24 hours."""
    typed = {name: said.get(name, "").strip()[:40] for name in ("from", "to")}
    if not any(typed.values()):
        return _of_range(said.get("range", ""), now)
    end = read_moment(typed["to"], is_end=True) if typed["to"] else now
    start = read_moment(typed["from"]) if typed["from"] else (end or now) - DAY
    errors = _errors(typed, start, end, now)
    if errors or start is None or end is None:
        usual = _of_range(USUAL, now)
        return Period(usual.name, usual.start, usual.end, usual.step, errors)
    return _of_moments(start, min(end, now))


def _errors(typed: Mapping[str, str], start: datetime | None, end: datetime | None, now: datetime) -> tuple[str, ...]:
    if start is None or end is None:
        words = _("“%(text)s” is no moment. Write it as 29.11.2026 09:00 or 2026-11-29 09:00.")
        return tuple(words % {"text": typed[name]} for name, at in (("from", start), ("to", end)) if at is None)
    if start >= min(end, now):
        return (_("The end lies before the beginning."),)
    if end - start > LONGEST or now - start > LONGEST:
        return (_("Figures are kept for %(days)s days.") % {"days": LONGEST.days},)
    return ()


def _of_range(name: str, now: datetime) -> Period:
    name = name if name in RANGES else USUAL
    _words, length, step = RANGES[name]
    # From a whole hour on, sums of hours can be read.
    return Period(name, _floor(now - length, max(step, HOUR) if length >= DAY else step), now, step)


def _of_moments(start: datetime, end: datetime) -> Period:
    least = max(shortest_step(start), (end - start) / MOST_STEPS)
    step = next((step for step in STEPS if step >= least), STEPS[-1])
    return Period("", _floor(start, step), end, step)


def _floor(at: datetime, step: timedelta) -> datetime:
    """The beginning of its step, by the clocks of the console's zone; of days that are kept as such, in UTC."""
    here = at if shortest_step(at) >= DAY else timezone.localtime(at)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    # Steps are added to it, each as long as the others whatever the clocks do.
    return (here - (here.replace(fold=0) - midnight) % min(step, DAY)).astimezone(UTC)
