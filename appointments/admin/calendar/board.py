"""The calendar's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from appointments.admin.calendar import asked as addresses
from appointments.admin.calendar.asked import HIDDEN, Asked
from appointments.admin.calendar.axis import Axis, Mark, Rows
from appointments.admin.calendar.columns import Column, columns
from appointments.admin.calendar.lanes import Placed
from appointments.admin.calendar.period import View
from appointments.admin.calendar.rows import MOST, appointments
from appointments.admin.calendar.standing import is_moved, standing
from appointments.admin.naming import who
from appointments.models import Appointment
from askpro.console import display
from askpro.console.nonsense import Nonsense
from askpro.console.scope import Scope

# What is shown where nothing is booked and no hours are known: from 8 to 18.
USUAL: Final = Rows(32, 40)
# The lanes that the style sheet has; what is in others shares the last.
MOST_LANES: Final = 40


@dataclass(frozen=True, slots=True)
class Card:
    """An appointment in the calendar, as its template writes it: there are hundreds on a page.

    `place` and `look` are classes: its rows from its cluster's first, its lane from 1; and how it stands.
    """

    href: str
    clock: str
    who: Any
    what: str
    person: str
    icon: str
    word: str
    moved: str
    place: str
    look: str


def board(request: HttpRequest) -> dict[str, Any]:
    """What the calendar's template reads."""
    asked = addresses.read(request)
    if asked is None:
        return {"asked": None, "title": _("Calendar")}
    found, is_more = appointments(asked)
    shown = columns(asked, found)
    if asked.staff is not None and asked.period.view == View.DAY and not shown:
        raise Nonsense(_("Nobody of that number works here."))
    axis, now = Axis.of(asked.period.days, asked.place.zone), timezone.now()
    for column in shown:
        column.lay_out(axis, now)
    cut = axis.cut([rows for column in shown for rows in column.taken] or [USUAL])
    return {
        "asked": asked,
        "title": _("Calendar"),
        "period": asked.period,
        "columns": [_drawn(column, asked, cut) for column in shown],
        "hours": _hours(axis, cut),
        "height": cut.count,
        "count": sum(row.status != Appointment.Status.CANCELLED for row in found),
        "more": MOST if is_more else 0,
        **_links(asked),
        **_choices(request, asked),
    }


def _drawn(column: Column, asked: Asked, cut: Rows) -> dict[str, Any]:
    """A column with all rows counted from the first that is shown."""
    return {
        "column": column,
        "open": [_within(rows, cut) for rows in column.open_rows],
        "gaps": [_within(rows, cut) for rows in column.gaps if rows.first < cut.end and rows.end > cut.first],
        "now": _within(column.now, cut) if column.now and cut.first <= column.now.first < cut.end else None,
        "is_shut": column.opening.is_known and not column.opening.spans,
        "clusters": [
            {
                "rows": _within(cluster.rows, cut),
                "cards": [_card(placed, cluster.rows.first, asked) for placed in cluster.placed],
            }
            for cluster in column.clusters
        ],
    }


def _card(placed: Placed[Appointment], first: int, asked: Asked) -> Card:
    row, rows = placed.item, placed.rows
    stands, lane = standing(row), min(placed.lane + 1, MOST_LANES)
    return Card(
        href=display.address(row),
        clock=f"{_clock(row.starts_at, asked)}–{_clock(row.ends_at, asked)}",
        who=who(row),
        what=str(row.service or ""),
        person=str(row.staff or "") if asked.period.view == View.WEEK else "",
        icon=stands.icon,
        word=stands.word,
        moved=_was(row, asked) if is_moved(row) else "",
        place=f"ac-f{rows.first - first} ac-n{rows.count} ac-l{lane}",
        look=f"ac-is-{stands.name_of_class} ap-{stands.tone}{' ac-short' if rows.count < 3 else ''}",
    )


def _clock(moment: datetime, asked: Asked) -> str:
    return formats.time_format(moment.astimezone(asked.place.zone), "TIME_FORMAT")


def _was(row: Appointment, asked: Asked) -> str:
    assert row.previous_starts_at is not None
    local = row.previous_starts_at.astimezone(asked.place.zone)
    return _("Moved, was %(when)s") % {"when": formats.date_format(local, "SHORT_DATETIME_FORMAT")}


def _within(rows: Rows, cut: Rows) -> Rows:
    first, end = max(rows.first, cut.first), min(rows.end, cut.end)
    return Rows(first - cut.first, max(end - first, 1))


def _hours(axis: Axis, cut: Rows) -> list[dict[str, Any]]:
    """The labels down the side: each full hour, with its row."""
    marks: Sequence[Mark] = axis.marks[cut.first : cut.end]
    return [
        {"row": row, "clock": f"{mark.quarter // 4:02}:00", "is_again": mark.fold == 1}
        for row, mark in enumerate(marks)
        if mark.quarter % 4 == 0
    ]


def _links(asked: Asked) -> dict[str, str]:
    period = asked.period
    return {
        "before": asked.address(day=period.before.isoformat()),
        "after": asked.address(day=period.after.isoformat()),
        "now_address": asked.address(day=None),
        "day_address": asked.address(view=View.DAY, staff=None),
        "week_address": asked.address(view=View.WEEK),
        "everybody": asked.address(staff=None) if asked.staff is not None else "",
        "cancelled_address": asked.address(cancelled=None if asked.hides_cancelled else HIDDEN),
    }


def _choices(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    """What can be chosen: where, and whose calendar."""
    places = []
    for company, branches in addresses.choices(Scope.of(request.user)):
        places.append((addresses.where(company, None), company.name))
        if len(branches) > 1:
            places += [(addresses.where(company, each), f"{company.name}, {each.name}") for each in branches]
    chosen = addresses.where(asked.place.company, asked.place.branch)
    return {"places": places if len(places) > 1 else [], "chosen": chosen, "people": asked.place.staff()}
