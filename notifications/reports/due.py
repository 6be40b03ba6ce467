"""Which reports are due, and the rows that send them: each period and each call once."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from askpro.one_by_one import one_by_one
from calls.models import Call, Company
from notifications import recipients, sending
from notifications.models import Notification, Report
from notifications.reports.period import DAY, Period

Kind = Report.Kind

# The hour on Mondays at which the week before is told.
WEEKLY_HOUR: Final = 7
# A report at an earlier hour is about the day before.
NOON: Final = 12
# How late they are still written, after an outage; later there are newer numbers.
DAILY_UNTIL: Final = timedelta(hours=12)
WEEKLY_UNTIL: Final = timedelta(days=3)
# Calls that began longer ago are told of no more: they last for two hours at most.
CALLS_OF: Final = timedelta(hours=6)
# After this, a call's analysis will not come.
ANALYSIS_WITHIN: Final = timedelta(minutes=4)
MOST_CALLS: Final = 200


def write(now: datetime) -> None:
    """Write what is due now, company by company: what goes wrong with one keeps no other from its reports."""
    wanted = Q(daily_report=True) | Q(weekly_report=True) | Q(call_summaries=True)
    companies = Company.objects.defer("calcom_api_key").filter(wanted, is_active=True)
    one_by_one(companies.order_by("pk"), lambda company: _write(company, now), atomic=True)


def _write(company: Company, now: datetime) -> None:
    for kind, period in periods(company, now):
        _write_one(Report(company=company, kind=kind, first_day=period.first, last_day=period.last), addresses(company))
    if company.call_summaries:
        for call in _calls(company, now):
            day = call.said_at.astimezone(ZoneInfo(company.timezone)).date()
            report = Report(company=company, kind=Kind.CALL, first_day=day, last_day=day, call=call)
            _write_one(report, [recipients.staff_email(company, call.branch.notification_email)])


def periods(company: Company, now: datetime) -> Iterator[tuple[Report.Kind, Period]]:
    """The periods whose reports have become due, and not too long ago."""
    zone = ZoneInfo(company.timezone)
    if company.daily_report:
        at = _latest(now, zone, now.astimezone(zone).date(), company.report_hour, every=DAY)
        day = at.date() if company.report_hour >= NOON else at.date() - DAY
        if now - at < DAILY_UNTIL:
            yield Kind.DAILY, Period(day, day, zone)
    if company.weekly_report:
        today = now.astimezone(zone).date()
        at = _latest(now, zone, today - today.weekday() * DAY, WEEKLY_HOUR, every=7 * DAY)
        if now - at < WEEKLY_UNTIL:
            yield Kind.WEEKLY, Period.week_until(at.date() - DAY, zone)


def addresses(company: Company) -> list[str]:
    """To whom a company's reports go."""
    return company.report_addresses or [company.notification_email]


def _latest(now: datetime, zone: ZoneInfo, day: date, hour: int, every: timedelta) -> datetime:
    """This hour on this day, or that much earlier if it is still to come."""
    at = datetime.combine(day, time(hour), zone)
    return at if at <= now else datetime.combine(day - every, time(hour), zone)


def _calls(company: Company, now: datetime) -> Iterable[Call]:
    """The calls of which it is known what came, and nothing was told."""
    is_read = Q(status=Call.Status.ANALYZED) | Q(status=Call.Status.ENDED, end_heard_at__lte=now - ANALYSIS_WITHIN)
    known = Q(is_read, extracted_at__isnull=False) | Q(status=Call.Status.LOST)
    rows = Call.objects.filter(known, company=company, started_at__gt=now - CALLS_OF, reports=None, erased_at=None)
    nothing = (Call.Outcome.PENDING, Call.Outcome.NOT_CONNECTED)
    return rows.exclude(outcome__in=nothing).select_related("branch").order_by("started_at")[:MOST_CALLS]


def _write_one(report: Report, to: Iterable[str]) -> None:
    readers = sorted({address for address in to if address})
    if not readers:
        return
    with transaction.atomic():
        # ON CONFLICT DO NOTHING: another host was first.
        Report.objects.bulk_create([report], ignore_conflicts=True)
        rows = Report.objects.filter(company=report.company, kind=report.kind, first_day=report.first_day)
        held = rows.select_for_update().filter(call=report.call).get()
        if not held.notifications.exists():
            sending.write(_draft(held, address) for address in readers)


def _draft(report: Report, address: str) -> Notification:
    return Notification(
        company=report.company,
        owner_report=report,
        call=report.call,
        # So that it is found with whatever else is about the person.
        customer_id=report.call.customer_id if report.call else None,
        kind=Notification.Kind.REPORT,
        channel=Notification.Channel.EMAIL,
        recipient=address,
        language=report.company.language,
    )
