"""A page of free times to choose from."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any, Final

from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from appointments.admin.naming import clock_time
from appointments.availability import choices
from appointments.availability.choices import Choices, Wanted
from appointments.models import Appointment
from askpro.console.live_acts import CHOSEN
from askpro.queues.errors import JobError, Rejected

FROM: Final = "from"
# A time that is in no list: it is typed on the page that asks.
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Time:
    """One free time. `value` is how a form or an address names it; `link` leads on, where there is one."""

    clock: str
    when: str
    value: str
    link: str = ""


def to_move(request: HttpRequest, appointment: Appointment) -> dict[str, Any]:
    """The times that an appointment can be moved to, each with a link to the page that asks."""
    try:
        wanted: Wanted | None = choices.another_time(appointment)
    except JobError:
        wanted = None
    now = clock_time(appointment, appointment.starts_at)
    return {
        "lead": _("Now it is on %(when)s.") % {"when": now},
        "other": f"?{CHOSEN}={OTHER}",
        **times(request, wanted, lambda code: f"?{CHOSEN}={code}"),
    }


def chosen(request: HttpRequest, zone: tzinfo) -> dict[str, str]:
    """What a form that asks for a time begins with: the chosen time, by the clocks of its place."""
    found = choices.read(request.GET.get(CHOSEN, ""))
    return {"when": f"{found.astimezone(zone):%Y-%m-%dT%H:%M}"} if found is not None else {}


def times(
    request: HttpRequest, wanted: Wanted | None, link: Callable[[str], str] = lambda code: "", first: str = ""
) -> dict[str, Any]:
    """What the template reads: days with their free times from the day on that the address names, else from `first`."""
    asked_from = request.GET.get(FROM, first)
    found, why_not = _look(wanted, asked_from)
    days = [
        (_named(day), [_time(start, link) for start in starts])
        for day, starts in (found.days if found is not None else [])
    ]
    later = found.later if found is not None else None
    return {
        "days": days,
        "why_not": why_not or ("" if days else _("Nothing is free in the next four weeks from this day on.")),
        "zone": str(wanted.zone) if wanted is not None else "",
        "later": f"?{FROM}={later.isoformat()}" if later else "",
        "is_later": FROM in request.GET,
        "from": asked_from,
    }


def _look(wanted: Wanted | None, asked_from: str) -> tuple[Choices | None, str]:
    """The choices, or why there are none."""
    if wanted is None:
        return None, _("It is not known which service this is about: no free times can be looked up.")
    try:
        return choices.choices(wanted, asked_from, timezone.now()), ""
    except Rejected:
        return None, _("Cal.com cannot be asked for this service: look at its event type and the company's key.")
    except JobError:
        return None, _("Cal.com does not answer at the moment: try again, or name a time yourself.")


def _time(start: datetime, link: Callable[[str], str]) -> Time:
    code = choices.code(start)
    local = timezone.make_naive(start, start.tzinfo)
    when = formats.date_format(local, "WEEKDAY_TIME_FORMAT")
    return Time(formats.time_format(local, "TIME_FORMAT"), when, start.astimezone(UTC).isoformat(), link(code))


def _named(day: date) -> str:
    return f"{formats.date_format(day, 'l')}, {formats.date_format(day, 'DATE_FORMAT')}"
