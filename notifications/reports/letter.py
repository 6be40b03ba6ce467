"""What a report says, rendered at the moment of sending."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from appointments.models import Appointment, FollowUp
from calls import strangers
from calls.models import Call
from calls.models.company import Language
from notifications.models import Notification, Report
from notifications.reports import chart, told
from notifications.reports.chart import Bar
from notifications.reports.numbers import Numbers, Waiting, by_day, waiting
from notifications.reports.period import Period
from notifications.reports.wording import Words
from notifications.text import dates
from notifications.text.places import spoken_number, zone_of
from notifications.text.texts import Mail

# By which the letter refers to its picture.
PICTURE: Final = "week"
OUTCOMES: Final = {
    Call.Outcome.BOOKED: Words.CALL_BOOKED,
    Call.Outcome.CHANGED: Words.CALL_CHANGED,
    Call.Outcome.FOLLOW_UP: Words.CALL_TO_PEOPLE,
}


@dataclass(frozen=True, slots=True)
class Part:
    """A line of a letter that leads somewhere."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A report in its parts, before it becomes text and HTML."""

    language: Language
    company: str
    subject: str
    heading: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    picture: str
    list_heading: str
    list: tuple[Part, ...]
    link: Part
    footer: str


def mail(notification: Notification) -> Mail:
    """The report as a mail, with the picture of the week where it is about days."""
    report, language = notification.owner_report, Language(notification.language)
    assert report is not None
    if report.kind == Report.Kind.CALL:
        assert report.call is not None  # else it is not sent
        return _written(_about_call(report, report.call, language), None)
    now = timezone.now()
    period = Period(report.first_day, report.last_day, ZoneInfo(report.company.timezone))
    week = by_day(report.company, Period.week_until(report.last_day, period.zone))
    numbers = sum((week[day] for day in period.days), Numbers())
    bars = [
        Bar(_weekday(datetime.combine(day, datetime.min.time()), language), each.calls, each.booked)
        for day, each in week.items()
    ]
    open_work = waiting(report.company, now)
    return _written(_about_days(report, period, numbers, bars, open_work, now, language), chart.png(bars))


def _written(letter: Letter, picture: bytes | None) -> Mail:
    values = {"letter": letter, "picture": PICTURE, "legend": Words.LEGEND.tell(language=letter.language)}
    return Mail(
        subject=" ".join(letter.subject.split()),
        text=render_to_string("notifications/report.txt", values),
        html=render_to_string("notifications/report.html", values),
        picture=picture,
    )


def _about_days(
    report: Report,
    period: Period,
    numbers: Numbers,
    bars: list[Bar],
    open_work: Waiting,
    now: datetime,
    language: Language,
) -> Letter:
    days = {"calls": numbers.calls, "booked": numbers.booked}
    is_week = report.kind == Report.Kind.WEEKLY
    first = dates.date(period.start, language)
    heading = (Words.WEEK_FROM if is_week else Words.DAY_OF).tell({"day": first}, language)
    seen = dates.moment(now.astimezone(period.zone), language)
    query = urlencode({"company": report.company_id, "from": period.first, "to": period.last})
    return Letter(
        language=language,
        company=report.company.name,
        subject=f"{heading}: {Words.CALLS_AND_BOOKED.tell(days, language)}",
        heading=heading,
        lead=Words.COUNTED_AT.tell({"when": seen}, language),
        facts=tuple(told.facts(numbers, language)),
        picture=_described(bars, language),
        list_heading=_waits(open_work, language),
        list=tuple(_follow_ups(open_work.first, period.zone, language)),
        link=Part(Words.ALL_NUMBERS.tell(language=language), f"{settings.PUBLIC_URL}/admin/board/reports/?{query}"),
        footer=Words.WHO_GETS_IT.tell(language=language),
    )


def _about_call(report: Report, call: Call, language: Language) -> Letter:
    came = OUTCOMES.get(Call.Outcome(call.outcome), Words.CALL_NO_REQUEST)
    if call.status == Call.Status.LOST:
        came = Words.CALL_LOST
    zone = call.branch.zone
    work = FollowUp.objects.filter(call=call, status=FollowUp.Status.OPEN).select_related("company").order_by("due_at")
    return Letter(
        language=language,
        company=report.company.name,
        subject=Words.CALL_SUBJECT.tell({"came": came.tell(language=language)}, language),
        heading=came.tell(language=language),
        lead=Words.CALL_LEAD.tell(language=language),
        facts=tuple(_call_facts(call, zone, language)),
        picture="",
        list_heading=Words.WAITING.tell(language=language) if work else "",
        list=tuple(_follow_ups(work, zone, language)),
        link=Part(Words.OPEN_CALL.tell(language=language), f"{settings.PUBLIC_URL}/admin/calls/call/{call.pk}/change/"),
        footer=Words.WHO_GETS_CALLS.tell(language=language),
    )


def _call_facts(call: Call, zone: ZoneInfo, language: Language) -> Iterator[tuple[str, str]]:
    """When it was, who called where that may be stored, and what was booked; never what was said."""
    yield Words.CALL_BEGAN.tell(language=language), dates.moment(call.said_at.astimezone(zone), language)
    if call.duration_ms is not None:
        minutes, seconds = divmod(round(call.duration_ms / 1000), 60)
        yield Words.CALL_LASTED.tell(language=language), f"{minutes}:{seconds:02}"
    if call.may_be_quoted and (who := _caller(call)):
        yield Words.CALLER.tell(language=language), who
    yield Words.BRANCH.tell(language=language), call.branch.name
    stands = (Appointment.Status.CONFIRMED, Appointment.Status.REQUESTED)
    for appointment in call.appointments.filter(status__in=stands).select_related("service", "branch", "company"):
        when = dates.moment(appointment.starts_at.astimezone(zone_of(appointment)), language)
        what = f", {appointment.service.name}" if appointment.service else ""
        yield Words.APPOINTMENT.tell(language=language), f"{when}{what}"


def _caller(call: Call) -> str:
    name = strangers.plausible_name(call.customer.name) if call.customer else ""
    number = spoken_number(call.from_number) if call.from_number.startswith("+") else ""
    return ", ".join(part for part in (name, number) if part)


def _waits(open_work: Waiting, language: Language) -> str:
    if not open_work.all:
        return Words.NOTHING_WAITS.tell(language=language)
    return Words.SO_MANY_WAIT.tell({"count": open_work.all, "late": open_work.late}, language)


def _follow_ups(rows: Iterable[FollowUp], zone: ZoneInfo, language: Language) -> Iterator[Part]:
    """What is to be done and by when; who it is about stands in the console."""
    for follow_up in rows:
        due = dates.short_moment(follow_up.due_at.astimezone(zone), language)
        text = Words.CALL_BACK_BY.tell({"reason": follow_up.title(language), "due": due}, language)
        yield Part(text, f"{settings.PUBLIC_URL}/admin/appointments/followup/{follow_up.pk}/change/")


def _described(bars: list[Bar], language: Language) -> str:
    """What the picture shows, for those who do not see it."""
    days = ", ".join(f"{bar.label} {bar.all}/{bar.part}" for bar in bars)
    return Words.PICTURE.tell({"days": days}, language)


def _weekday(day: datetime, language: Language) -> str:
    return dates.WEEKDAYS[language][day.weekday()][: 2 if language == Language.GERMAN else 3]
