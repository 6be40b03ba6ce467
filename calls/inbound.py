"""The variables for the voice agent when a call comes in, since a language model does not know today's date."""

import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.utils import timezone

from appointments.availability import free_times
from appointments.changes import whose
from askpro.queues.errors import JobError
from calls.german.opening_hours import InvalidOpeningHours, OpeningHours, Span
from calls.inbound_wording import GERMAN, WORDINGS, Wording
from calls.models import Branch, Customer, PhoneNumber, Service, Staff
from calls.models.company import Language
from calls.models.customer_number import having
from calls.phone import normalise
from calls.tenancy import number_named
from calls.wishes.field_names import Session
from notifications.text.dates import short_moment

NEXT_DAYS: Final = (
    Session.NEXT_MONDAY,
    Session.NEXT_TUESDAY,
    Session.NEXT_WEDNESDAY,
    Session.NEXT_THURSDAY,
    Session.NEXT_FRIDAY,
    Session.NEXT_SATURDAY,
    Session.NEXT_SUNDAY,
)


# The whole answer has to come while it rings: so long may free times be waited for that are not kept.
PATIENCE: Final = 0.5
SEARCH: Final = timedelta(days=7)
MOST_SERVICES: Final = 8
MOST_TIMES: Final = 3
CLOSED_WITHIN: Final = timedelta(days=30)


def dynamic_variables(to_number: str, from_number: str) -> dict[str, str]:
    """Today's date in the branch's zone and in words, the branch and what it offers, from our rows and kept times.

    The words are in the company's language; dates are written as day, month and year in both. About the caller it says
    only whether the number is known and when its next appointment is, not the name: phones are shared, and the name
    would go to a language model.
    """
    number = number_named(to_number)
    zone = number.branch.zone if number else timezone.get_default_timezone()
    now = timezone.now().astimezone(zone)
    variables = _calendar(now, _words(number) if number else GERMAN)
    if number is not None:
        variables |= _of_branch(number, now) | _of_caller(number, from_number)
    return {name.value: words for name, words in variables.items()}


def _words(number: PhoneNumber) -> Wording:
    return WORDINGS[Language(number.company.language)]


def _calendar(now: datetime, words: Wording) -> dict[Session, str]:
    today = now.date()
    variables = {
        Session.TODAY: f"{today:%d.%m.%Y}",
        Session.WEEKDAY: words.weekdays[today.weekday()],
        Session.CLOCK: f"{now:%H:%M}",
        Session.TOMORROW: f"{today + timedelta(days=1):%d.%m.%Y}",
        Session.DAY_AFTER_TOMORROW: f"{today + timedelta(days=2):%d.%m.%Y}",
    }
    for days in range(1, 8):
        day = today + timedelta(days=days)
        variables[NEXT_DAYS[day.weekday()]] = f"{day:%d.%m.%Y}"
    return variables


def _of_branch(number: PhoneNumber, now: datetime) -> dict[Session, str]:
    """If the number serves several branches, the caller must say which: each is told its own hours."""
    branches, words = number.branches, _words(number)
    services = Service.offered_at(number.branch)[:MOST_SERVICES]
    hours = [_hours(branch, now, words) for branch in branches]
    named = (
        hours
        if len(branches) == 1
        else [f"{branch.name}: {each}" for branch, each in zip(branches, hours, strict=True)]
    )
    return {
        Session.COMPANY: number.company.name,
        Session.BRANCH: number.branch.name if len(branches) == 1 else "",
        Session.OPENING_HOURS: "; ".join(hours if len(branches) == 1 else named),
        Session.SERVICES: ", ".join(
            words.service.format(service=each.name, minutes=each.duration_minutes) for each in services
        ),
        Session.STAFF: ", ".join(person.name for person in Staff.offering(None, number.branch)),
        Session.FREE_TIMES: _free(number, services, now) if len(branches) == 1 else "",
    }


def _hours(branch: Branch, now: datetime, words: Wording) -> str:
    try:
        hours = OpeningHours.from_json(branch.opening_hours)
    except InvalidOpeningHours:
        return ""
    days = [_day(name, spans, words) for name, spans in zip(words.weekdays, hours.days, strict=True) if spans]
    closed = branch.closed_on(now.date(), (now + CLOSED_WITHIN).date())
    if days:
        days += [words.closed.format(day=f"{day:%d.%m.%Y}", why=why) for day, why in sorted(closed.items())]
    return ", ".join(days)


def _day(name: str, spans: Sequence[Span], words: Wording) -> str:
    times = [words.span.format(opens=_clock(span.opens), closes=_clock(span.closes)) for span in spans]
    return words.hours.format(day=name, spans=words.also.join(times))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _free(number: PhoneNumber, services: Sequence[Service], now: datetime) -> str:
    """The next free times of each service that can be booked, as far as they are kept or come at once."""
    branch, language = number.branch, Language(number.company.language)
    told = []
    ends_at = time.monotonic() + PATIENCE
    for service in services:
        if service.calcom_event_type_id is None or service.hindrances:
            continue
        patience = max(ends_at - time.monotonic(), 0.0)
        try:
            found = free_times(service, now, now + SEARCH, patience=patience, branch=branch)
        except JobError:
            continue
        first = _first_of_days(found, branch.zone)
        if first:
            told.append(f"{service.name}: {', '.join(short_moment(each, language) for each in first)}")
    return "; ".join(told)


def _first_of_days(found: Sequence[datetime], zone: ZoneInfo) -> list[datetime]:
    first: dict[date, datetime] = {}
    for each in found:
        local = each.astimezone(zone)
        first.setdefault(local.date(), local)
    return list(first.values())[:MOST_TIMES]


def _of_caller(number: PhoneNumber, from_number: str) -> dict[Session, str]:
    phone, words = normalise(from_number, number.branch.home), _words(number)
    known = phone is not None and Customer.objects.filter(having(phone), company=number.company).exists()
    return {
        Session.IS_KNOWN: words.yes if known else words.no,
        Session.NEXT_APPOINTMENT: _next_appointment(number, phone) if phone is not None else "",
    }


def _next_appointment(number: PhoneNumber, phone: str) -> str:
    appointment = next(iter(whose.upcoming(number.company, phone, timezone.now())), None)
    if appointment is None:
        return ""
    words, language = _words(number), Language(number.company.language)
    when = short_moment(appointment.starts_at.astimezone(number.branch.zone), language)
    service, staff = (str(part) if part else "" for part in (appointment.service, appointment.staff))
    what = words.with_staff.format(service=service, staff=staff) if service and staff else service or staff
    waits = "" if appointment.is_agreed else words.not_agreed
    return ", ".join(filter(None, (when, what, waits)))
