"""The daily counts, recomputed from the rows they count."""

from datetime import date, datetime, time, timedelta
from typing import Final, cast
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from appointments.models import DailyCount, FollowUp
from calls.models import BookingRequest, Call, Company

LAST_DAYS: Final = 7


def recount(company: Company, day: date) -> DailyCount:
    """Recount a company's local day. Of many at once one counts; the next counts what came meanwhile, for all others.

    What is to be counted has been committed: who waits for a count that began later is served by it.
    """
    with transaction.atomic():
        DailyCount.objects.bulk_create([DailyCount(company=company, day=day)], ignore_conflicts=True)
        asked_at = _now()
        # Locked before counting, since otherwise an older count could overwrite a newer one.
        count = DailyCount.objects.select_for_update().get(company=company, day=day)
        if count.counted_at is None or count.counted_at <= asked_at:
            _count(count)
    return count


def recount_last_days(company: Company) -> None:
    """Recount the company's today and the week before it."""
    today = day_in(company, timezone.now())
    for ago in range(LAST_DAYS + 1):
        recount(company, today - timedelta(days=ago))


def local_day(call: Call) -> date:
    """The day of a call where its company is."""
    return day_in(call.company, call.said_at)


def day_in(company: Company, moment: datetime) -> date:
    """The day of a moment where the company is."""
    return moment.astimezone(ZoneInfo(company.timezone)).date()


def _count(count: DailyCount) -> None:
    company, day = count.company, count.day
    count.counted_at = _now()
    calls = _calls_of(company, day)
    start, end = _span(company, day)
    without_call = Q(call=None, company=company, created_at__gte=start, created_at__lt=end)
    requests = BookingRequest.objects.filter(Q(call__in=calls) | without_call)
    count.calls = calls.count()
    count.requests = requests.count()
    count.bookings = requests.filter(status=BookingRequest.Status.BOOKED).count()
    follow_ups = FollowUp.objects.filter(Q(call__in=calls) | Q(call=None, booking_request__in=requests))
    count.follow_ups = follow_ups.exclude(status=FollowUp.Status.OBSOLETE).count()
    count.save()


def _now() -> datetime:
    """PostgreSQL's time: a count that another host makes is compared with it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    return cast(datetime, now)


def _calls_of(company: Company, day: date) -> QuerySet[Call]:
    start, end = _span(company, day)
    # Two conditions, not one on coalesce(started_at, created_at), so that the index that ends with started_at is used.
    began = Q(started_at__gte=start, started_at__lt=end)
    never_began = Q(started_at=None, created_at__gte=start, created_at__lt=end)
    return Call.objects.filter(began | never_began, company=company)


def _span(company: Company, day: date) -> tuple[datetime, datetime]:
    zone = ZoneInfo(company.timezone)
    return datetime.combine(day, time.min, zone), datetime.combine(day + timedelta(days=1), time.min, zone)
