"""The columns of the calendar: people on a day, or the days of a week."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from django.utils import formats
from django.utils.translation import gettext as _

from appointments.admin.calendar import rows
from appointments.admin.calendar.asked import Asked
from appointments.admin.calendar.axis import Axis, Rows
from appointments.admin.calendar.lanes import Cluster, clusters
from appointments.admin.calendar.period import View
from appointments.admin.calendar.place import Opening, together
from appointments.models import Appointment
from calls.models import Staff

# People who have a column although nothing is booked with them.
MOST_IDLE: Final = 24


@dataclass(slots=True)
class Column:
    """One day of one person, of nobody yet, or of all. `link` leads to the calendar of it alone."""

    day: date
    title: str
    opening: Opening
    appointments: list[Appointment]
    note: str = ""
    link: str = ""
    is_today: bool = False
    open_rows: list[Rows] = field(default_factory=list)
    gaps: list[Rows] = field(default_factory=list)
    now: Rows | None = None
    clusters: list[Cluster[Appointment]] = field(default_factory=list)

    def lay_out(self, axis: Axis, now: datetime) -> None:
        """Find the rows of everything on it."""
        self.open_rows = [axis.rows(opens, closes, self.day) for opens, closes in self.opening.spans]
        self.gaps = axis.gaps(self.day)
        self.now = axis.rows(now, now, self.day) if self.is_today else None
        self.clusters = clusters((row, axis.rows(row.starts_at, row.ends_at, self.day)) for row in self.appointments)

    @property
    def taken(self) -> list[Rows]:
        return [*self.open_rows, *(cluster.rows for cluster in self.clusters)]


def columns(asked: Asked, found: Iterable[Appointment]) -> list[Column]:
    openings = asked.place.openings(asked.period.days)
    by_day = rows.by_day(found, asked)
    if asked.period.view == View.WEEK:
        return [_of_day(asked, day, by_day[day], openings) for day in asked.period.days]
    return _of_people(asked, by_day[asked.period.day], openings)


def _of_day(asked: Asked, day: date, booked: list[Appointment], openings: dict[tuple[int, date], Opening]) -> Column:
    return Column(
        day=day,
        title=formats.date_format(day, "D"),
        note=formats.date_format(day, "MONTH_DAY_FORMAT"),
        link=asked.address(view=View.DAY, day=day.isoformat()),
        opening=together([openings[branch.pk, day] for branch in asked.place.shown]),
        appointments=booked,
        is_today=day == asked.today,
    )


def _of_people(asked: Asked, booked: list[Appointment], openings: dict[tuple[int, date], Opening]) -> list[Column]:
    """Everybody with an appointment, some who have none, and nobody yet, where something is with nobody."""
    day = asked.period.day
    everywhere = together([openings[branch.pk, day] for branch in asked.place.shown])
    names_branch = len(asked.place.shown) > 1
    names = {branch.pk: branch.name for branch in asked.place.branches}
    found = []
    for person in _people(asked, booked):
        where = person.branch_id if person is not None else None
        found.append(
            Column(
                day=day,
                title=person.name if person is not None else _("Nobody yet"),
                note=names.get(where, "") if names_branch and where is not None else "",
                link=asked.address(view=View.WEEK, staff=person.pk) if person is not None else "",
                opening=openings.get((where, day), everywhere) if where is not None else everywhere,
                appointments=[row for row in booked if row.staff_id == (person.pk if person is not None else None)],
                is_today=day == asked.today,
            )
        )
    return found


def _people(asked: Asked, booked: Sequence[Appointment]) -> list[Staff | None]:
    busy = {row.staff.pk: row.staff for row in booked if row.staff is not None}
    there = [person for person in asked.place.staff() if asked.staff in (None, person.pk)]
    idle = [person for person in there if person.pk not in busy][:MOST_IDLE]
    kept = {person.pk for person in idle} | busy.keys()
    known = [person for person in there if person.pk in kept]
    others = [person for key, person in busy.items() if key not in {each.pk for each in known}]
    nobody = any(row.staff_id is None for row in booked)
    return [*known, *sorted(others, key=lambda person: person.name), *([None] if nobody else [])]
