"""The appointments of some days at a place, each on one of these days."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from appointments.admin.calendar.asked import Asked
from appointments.models import Appointment

# More do not fit on a page that can be read: then it says so, and to choose a branch, a person or a day.
MOST: Final = 1_000
# No appointment is longer: what began before is not looked for, so that the index answers.
LONGEST: Final = timedelta(days=2)
# What cards and columns are made of: a page has hundreds of them, and to read all of each row takes most of its time.
SHOWN: Final = (
    *("starts_at", "ends_at", "previous_starts_at", "status", "calcom_uid", "customer_confirmed_at", "attendee_name"),
    *("customer__name", "customer__phone", "customer__erased_at", "service__name", "staff__name", "staff__branch"),
)


def appointments(asked: Asked) -> tuple[list[Appointment], bool]:
    """Those that take place, or were to, in the days asked for, by their beginning; and whether there are more."""
    begins, ends = asked.period.bounds(asked.place.zone)
    rows = Appointment.objects.filter(
        company=asked.place.company, starts_at__gte=begins - LONGEST, starts_at__lt=ends, ends_at__gt=begins
    )
    if asked.place.branch is not None:
        rows = rows.filter(branch=asked.place.branch)
    if asked.staff is not None:
        rows = rows.filter(staff=asked.staff)
    if asked.hides_cancelled:
        rows = rows.exclude(status=Appointment.Status.CANCELLED)
    shown = rows.select_related("customer", "service", "staff").only(*SHOWN)
    found = list(shown.order_by("starts_at", "pk")[: MOST + 1])
    return found[:MOST], len(found) > MOST


def by_day(rows: Iterable[Appointment], asked: Asked) -> dict[date, list[Appointment]]:
    """Each on the day on which it begins, by the clocks of the place; on the first, if it began before that."""
    days: Sequence[date] = asked.period.days
    found = {day: list[Appointment]() for day in days}
    for row in rows:
        found[max(_day(row.starts_at, asked), days[0])].append(row)
    return found


def _day(moment: datetime, asked: Asked) -> date:
    return moment.astimezone(UTC).astimezone(asked.place.zone).date()
