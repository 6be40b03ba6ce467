"""Whose calendar it is: a company's, or one branch's; when it is open, and who works there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from zoneinfo import ZoneInfo

from django.utils import translation

from calls.german.opening_hours import InvalidOpeningHours, OpeningHours
from calls.models import Branch, Company, Staff
from calls.models.company import closed_days

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Opening:
    """When it is open on one day; `closed`: why not, although its weekday is open. `is_known`: hours were entered."""

    spans: tuple[Span, ...] = ()
    closed: str = ""
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """`branch` is None for the whole company, of which `branches` are the active ones."""

    company: Company
    branches: tuple[Branch, ...]
    branch: Branch | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The clocks of its calendar: the branch's; the branches' where all have the same; else the company's."""
        zones = {each.zone.key for each in self.shown}
        return ZoneInfo(zones.pop()) if len(zones) == 1 else ZoneInfo(self.company.timezone)

    @property
    def shown(self) -> tuple[Branch, ...]:
        return (self.branch,) if self.branch is not None else self.branches

    @property
    def elsewhere(self) -> list[Branch]:
        """The branches shown here whose clocks say another time than this calendar."""
        return [branch for branch in self.shown if branch.zone.key != self.zone.key]

    def openings(self, days: Sequence[date]) -> dict[tuple[int, date], Opening]:
        """For each branch, by its id, and each day."""
        closed = closed_days(self.shown, days[0], days[-1], translation.get_language() or "")
        return {
            (branch.pk, day): _opening(branch, day, closed[branch.pk].get(day, ""))
            for branch in self.shown
            for day in days
        }

    def staff(self) -> list[Staff]:
        """Who works there, by branch and name."""
        rows = Staff.objects.filter(branch__in=[branch.pk for branch in self.shown], is_active=True)
        return list(rows.order_by("branch__name", "name", "pk"))


def together(openings: Sequence[Opening]) -> Opening:
    """When any of these is open. It is closed for a reason only where none is open."""
    if not openings:
        return Opening(is_known=False)
    spans = reduce(_with, sorted(span for each in openings for span in each.spans), list[Span]())
    reasons = dict.fromkeys(each.closed for each in openings if each.closed)
    closed = "" if spans else ", ".join(reasons)
    return Opening(tuple(spans), closed, any(each.is_known for each in openings))


def _opening(branch: Branch, day: date, closed: str) -> Opening:
    try:
        hours = OpeningHours.from_json(branch.opening_hours)
    except InvalidOpeningHours:
        hours = OpeningHours()
    if closed:
        return Opening(closed=closed)
    return Opening(tuple(hours.moments(day, branch.zone)), is_known=any(hours.days))


def _with(spans: list[Span], span: Span) -> list[Span]:
    """Sorted spans with one more, which begins no earlier than the last: overlapping ones become one."""
    if spans and span[0] <= spans[-1][1]:
        return [*spans[:-1], (spans[-1][0], max(spans[-1][1], span[1]))]
    return [*spans, span]
