"""Reads what is known of each vendor and company, and keeps what it has learnt for a day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max

from calls.models import Branch, Company
from webhooks.models import Arrivals, Provider, WebhookAddress
from webhooks.silence.calendar import shares
from webhooks.silence.counting import ARRIVED, first_event_of
from webhooks.silence.habit import WEEKS, Habit, learn, whole_hour
from webhooks.silence.judging import Flow

# A closed day that is entered counts from then on.
CALENDAR_KEPT: Final = timedelta(minutes=10)
RECENT: Final = timedelta(days=10)
# Habits that one look learns anew; until its turn comes, a company keeps its old one.
MOST_AT_ONCE: Final = 100

LIVE: Final = f"""
    SELECT company_id, provider, date_trunc('hour', received_at, 'UTC'),
           count(DISTINCT subject) FILTER (WHERE {ARRIVED} IS NOT NULL), max({ARRIVED}),
           max({ARRIVED}) FILTER (WHERE status = 'received')
    FROM webhooks_webhookevent WHERE id >= %s AND received_at >= %s AND received_at <= %s
    GROUP BY 1, 2, 3
"""

Pair = tuple[int, str]
Counts = dict[datetime, int]


@dataclass(frozen=True, slots=True)
class _Calendar:
    zones: tuple[ZoneInfo, ...]
    shares: Mapping[date, float]
    read_at: datetime

    def share(self, day: date) -> float:
        return self.shares.get(day, 1.0)


@dataclass(slots=True)
class _Live:
    """What has come in since the hours were counted, and the last arrivals of the weeks before."""

    hours: dict[Pair, Counts] = field(default_factory=dict)
    last_at: dict[Pair, datetime] = field(default_factory=dict)
    # Of each vendor, what no job has given its company yet: it may be anybody's.
    unplaced: dict[str, datetime] = field(default_factory=dict)

    def note(self, pair: Pair, moment: datetime | None) -> None:
        if moment is not None:
            self.last_at[pair] = max(moment, self.last_at.get(pair, moment))


@dataclass(slots=True)
class Flows:
    """What a process has learnt of all companies."""

    calendars: dict[int, _Calendar] = field(default_factory=dict)
    habits: dict[Pair, tuple[object, tuple[Habit, ...]]] = field(default_factory=dict)

    def load(self, now: datetime) -> list[Flow]:
        """Every vendor that has sent something for an active company within the last weeks."""
        companies = Company.objects.filter(is_active=True).defer("calcom_api_key").in_bulk()
        live = _read(now)
        _place(live, companies)
        flows: dict[Pair, Flow] = {}
        learnt = 0
        # Retell first: what the others send follows from its calls.
        for pair in sorted(live.last_at, key=lambda pair: (pair[0], pair[1] != Provider.RETELL)):
            if pair[0] in companies:
                calendar = self._calendar(companies[pair[0]], now)
                learnt += self._learn(pair, live.last_at[pair], calendar, may_learn=learnt < MOST_AT_ONCE)
                flows[pair] = self._flow(pair, live, calendar, flows.get((pair[0], Provider.RETELL)))
        return list(flows.values())

    def _calendar(self, company: Company, now: datetime) -> _Calendar:
        known = self.calendars.get(company.pk)
        if known is None or not timedelta(0) <= now - known.read_at < CALENDAR_KEPT:
            known = self.calendars[company.pk] = _calendar_of(company, now)
        return known

    def _learn(self, pair: Pair, last_at: datetime, calendar: _Calendar, *, may_learn: bool) -> bool:
        """Learn its habit if it is from another day or calendar. The silence itself must not teach, so it ends with the
        day before the last arrival."""
        today = last_at.replace(hour=0, minute=0, second=0, microsecond=0)
        key = (today, calendar.zones, frozenset(calendar.shares.items()))
        known = self.habits.get(pair)
        if (known is not None and known[0] == key) or not may_learn:
            return False
        counts = _counts(pair, today - timedelta(weeks=WEEKS), today)
        self.habits[pair] = key, tuple(learn(counts, zone, calendar.share, today) for zone in calendar.zones)
        return True

    def _flow(self, pair: Pair, live: _Live, calendar: _Calendar, calls: Flow | None) -> Flow:
        last_at = live.last_at[pair]

        @cache
        def recent() -> Counts:
            return _counts(pair, last_at - RECENT, None) | live.hours.get(pair, {})

        _, habits = self.habits.get(pair, (None, ()))
        return Flow(*pair, last_at, habits, calendar.share, recent, calls if pair[1] != Provider.RETELL else None)


def _read(now: datetime) -> _Live:
    live = _Live()
    rows = Arrivals.objects.filter(hour__gt=now - timedelta(weeks=WEEKS), hour__lte=now, company__isnull=False)
    for company_id, provider, last_at in rows.values_list("company_id", "provider").annotate(Max("last_at")):
        live.note((company_id, provider), last_at)
    begin = rows.order_by("-hour").values_list("hour", flat=True).first() or whole_hour(now) - timedelta(hours=1)
    with connection.cursor() as cursor:
        cursor.execute(LIVE, [first_event_of(begin), begin, now])
        for company_id, provider, hour, subjects, last_at, waiting_at in cursor.fetchall():
            if company_id is not None:
                live.note((company_id, provider), last_at)
                live.hours.setdefault((company_id, provider), {})[hour] = subjects
            elif waiting_at is not None:
                live.unplaced[provider] = max(waiting_at, live.unplaced.get(provider, waiting_at))
    return live


def _place(live: _Live, companies: Mapping[int, Company]) -> None:
    """Until its job has run, what came to the shared address counts for every company that uses it."""
    if not live.unplaced:
        return
    own = set(WebhookAddress.objects.filter(secrets__retired_at=None).values_list("company_id", "provider"))
    for pair in [pair for pair in live.last_at if pair[0] in companies and pair not in own]:
        live.note(pair, live.unplaced.get(pair[1]))


def _counts(pair: Pair, since: datetime, until: datetime | None) -> Counts:
    rows = Arrivals.objects.filter(company=pair[0], provider=pair[1], hour__gte=since)
    if until is not None:
        rows = rows.filter(hour__lt=until)
    return dict(rows.values_list("hour", "subjects"))


def _calendar_of(company: Company, now: datetime) -> _Calendar:
    branches = list(Branch.objects.filter(company=company, is_active=True).select_related("company").order_by("pk"))
    zones = dict.fromkeys(branch.zone for branch in branches) or [ZoneInfo(company.timezone)]
    first, last = (now - timedelta(weeks=WEEKS + 1)).date(), (now + timedelta(days=2)).date()
    return _Calendar(tuple(zones), shares(branches, first, last), now)
