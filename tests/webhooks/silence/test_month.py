"""A month as it usually is alarms nobody: nights, weekends, Good Friday and Easter Monday, the night in which the
clocks change, a busy company, a small one, a quiet one, and one that is new. An hour's silence on a Tuesday morning
does.
"""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine

from appointments.models import Appointment, FollowUp, Reminder, SyncPoint
from askpro.metrics.models import Delta
from askpro.queues.metrics.histogram import BOUNDS
from askpro.queues.models import Job, Schedule, ScheduledTick
from calls import holidays
from calls.models import Call, Company
from notifications.models import Notification
from tests.appointments import salon
from tests.found import found
from tests.webhooks.silence.months import BERLIN, HOUR, by_hour, calls
from tests.webhooks.silence.rows import events
from webhooks.conditions import arrivals
from webhooks.inbox import unstored
from webhooks.models import Arrivals, RefusedWebhook, RetellReading, WebhookEvent
from webhooks.models.fingerprint import fingerprint
from webhooks.silence.habit import Habit, learn, whole_hour
from webhooks.silence.judging import SHORTEST, Flow, silences

START, END = datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 4, 7, tzinfo=UTC)
LEARNT = timedelta(weeks=8)
# Calls in the busiest hour.
BUSIEST = {"busy": 20.0, "small": 3.0, "quiet": 0.3, "new": 20.0}
NEW_SINCE = START + timedelta(days=14)
# How much days differ, as the standard deviation of their level.
UNREST = 0.25
# The condition's own.
CHANCE = 1e-6
CODES = (
    *("follow_ups_overdue", "ignored_share", "key_expiring", "messages_undeliverable", "provider_silent"),
    *("reconciliation_missing", "reminders_late", "unassigned_share", "vendor_failing", "vendor_out_of_credit"),
    *("vendor_refuses_key", "webhooks_refused", "webhooks_unstored"),
)
Traffic = dict[tuple[str, str], list[datetime]]


CLOSED = frozenset(holidays.public_holidays("DE", "BE", date(2026, 1, 1), date(2026, 12, 31)))


def is_closed(day: date) -> bool:
    return day in CLOSED


def traffic(seed: int, end: datetime = END) -> Traffic:
    """Calls of each company; of these, bookings; and of bookings, messages."""
    chance = random.Random(seed)
    found: Traffic = {}
    for slug, busiest in BUSIEST.items():
        begin = NEW_SINCE if slug == "new" else START - LEARNT
        rung = list(calls(chance, begin, end, busiest, closed=is_closed, unrest=UNREST))
        booked = [each + timedelta(minutes=3) for each in rung if chance.random() < 0.4]
        told = [each + timedelta(minutes=1) for each in booked if chance.random() < 0.8]
        found |= {(slug, "retell"): rung, (slug, "calcom"): booked, (slug, "twilio"): told}
    return found


def gaps(moments: list[datetime], since: datetime = START) -> Iterator[tuple[datetime, datetime]]:
    """The times between two arrivals that could be taken for a silence, up to the end of the month."""
    first = max(bisect_left(moments, since) - 1, 0)
    for last, following in pairwise([*moments[first:], END]):
        if following - last >= SHORTEST:
            yield last, following - timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _nothing_left_unstored() -> None:
    """What tests before this one have counted in Redis or in this process."""
    unstored._taken()


class Judge:
    """Judges every gap of a month without a row, as the condition judges it from the rows."""

    def __init__(self, moments: Traffic) -> None:
        self.moments = moments
        self.counts = {pair: by_hour(each) for pair, each in moments.items()}
        self.habits: dict[tuple[object, ...], Habit] = {}

    def alarms(self) -> list[tuple[str, str, datetime]]:
        """Every silence that is found, in the moment before it ends; of one company or, as "all", of all."""
        found = [
            (slug, vendor, last)
            for (slug, vendor), moments in self.moments.items()
            for last, end in gaps(moments)
            if silences([self.flow((slug, vendor), last)], end, CHANCE)
        ]
        for vendor in ("retell", "calcom", "twilio"):
            merged = sorted(each for pair, moments in self.moments.items() if pair[1] == vendor for each in moments)
            for last, end in gaps(merged):
                flows = [self.flow((slug, vendor), self._last(slug, vendor, last)) for slug in BUSIEST]
                if any(silence.company_id is None for silence in silences(flows, end, CHANCE)):
                    found.append(("all", vendor, last))
        return found

    def flow(self, pair: tuple[str, str], last: datetime) -> Flow:
        retell = None if pair[1] == "retell" else self.flow((pair[0], "retell"), last)
        number = 1 + list(BUSIEST).index(pair[0])
        return Flow(number, pair[1], last, (self._habit(pair, last),), share, lambda: self.counts[pair], retell)

    def _last(self, slug: str, vendor: str, now: datetime) -> datetime:
        moments = self.moments[slug, vendor]
        place = bisect_right(moments, now)
        return moments[place - 1] if place else START - LEARNT

    def _habit(self, pair: tuple[str, str], last: datetime) -> Habit:
        day = last.replace(hour=0, minute=0, second=0, microsecond=0)
        if (pair, day) not in self.habits:
            known = {hour: count for hour, count in self.counts[pair].items() if day - LEARNT <= hour < day}
            self.habits[pair, day] = learn(known, BERLIN, share, day)
        return self.habits[pair, day]


def share(day: date) -> float:
    return 0.0 if is_closed(day) else 1.0


def test_no_pause_of_a_usual_month_is_taken_for_a_silence() -> None:
    assert Judge(traffic(seed=1)).alarms() == []


@pytest.mark.long
def test_false_alarms_are_rare() -> None:
    """With 50 seeds: 200 company-months, each of three vendors."""
    found = [alarm for seed in range(50) for alarm in Judge(traffic(seed)).alarms()]
    assert len(found) <= 4, found


class World:
    """The rows of such a month, as far as it has gone."""

    def __init__(self, moments: Traffic) -> None:
        self.moments, self.chance, self.done = moments, random.Random(5), START - LEARNT
        self.companies: dict[str, Company] = {}
        for slug in BUSIEST:
            here = salon.branch(salon.company(slug), state="BE")
            self.companies[slug] = here.company
            SyncPoint.objects.create(company=here.company, part="bookings", finished_at=START)
        self.here = here
        self.customer = salon.customer(here.company)
        self.reading = RetellReading.objects.create(fingerprint=fingerprint("key_one"), finished_at=START)
        self.nightly = Schedule.objects.create(
            name="nightly-recount", cron="30 3 * * *", timezone="Europe/Berlin", actor_name="recount_all"
        )

    def go_to(self, now: datetime) -> None:
        """Count what has come in until now."""
        Arrivals.objects.filter(hour__gte=self.done).delete()
        rows = []
        for (slug, vendor), moments in self.moments.items():
            seen = moments[bisect_left(moments, self.done) : bisect_right(moments, now)]
            rows += [self._row(slug, vendor, hour, seen) for hour in by_hour(seen)]
        Arrivals.objects.bulk_create(rows, batch_size=2000)
        self.done = whole_hour(now)

    def live(self, now: datetime) -> None:
        """What else happens before such a moment: a little of everything that may go wrong."""
        RetellReading.objects.update(finished_at=now - timedelta(minutes=4))
        SyncPoint.objects.update(finished_at=now - timedelta(minutes=14))
        self._count_at_night(now)
        self._strangers(now)
        self._exchanges(now)
        self._messages(now)
        self._calls(now)
        self._people(now)

    def _row(self, slug: str, vendor: str, hour: datetime, seen: list[datetime]) -> Arrivals:
        within = seen[bisect_left(seen, hour) : bisect_left(seen, hour + HOUR)]
        events = 4 * len(within)
        ignored = sum(self.chance.random() < 0.2 for _ in range(events))
        return Arrivals(
            company=self.companies[slug],
            provider=vendor,
            hour=hour,
            subjects=len(within),
            events=events,
            ignored=ignored,
            last_at=within[-1],
        )

    def _count_at_night(self, now: datetime) -> None:
        at = now.astimezone(BERLIN).replace(hour=3, minute=30, second=0, microsecond=0).astimezone(UTC)
        if at < now and not ScheduledTick.objects.filter(at=at).exists():
            job = Job.objects.create(actor_name="recount_all", queue_name="low", status="completed", finished_at=at)
            ScheduledTick.objects.create(schedule=self.nightly, at=at, job_id=job.pk, sent_at=at)

    def _strangers(self, now: datetime) -> None:
        for reason, count in {"no_address": 6, "bad_signature": 1, "malformed": 2, "stale": 1}.items():
            if number := self.chance.randint(0, count):
                RefusedWebhook._count("retell", reason, now, "203.0.113.0/24", number)
        wrong = self.chance.randint(0, 2)
        events([now - timedelta(minutes=each) for each in range(wrong)], None, status=WebhookEvent.Status.UNASSIGNED)

    def _exchanges(self, now: datetime) -> None:
        company = self.companies["busy"].pk
        for vendor in ("retell", "calcom", "twilio", "mail"):
            asked = {"ok": self.chance.randint(0, 60), "refused": self.chance.randint(0, 3)}
            asked |= {"unavailable": self.chance.randint(0, 2), "unknown": self.chance.randint(0, 1)}
            Delta.objects.bulk_create(
                Delta(
                    at=whole_minute(now),
                    kind="vendor",
                    name=vendor,
                    part="/v2/bookings",
                    result=result,
                    company=company,
                    count=count,
                    seconds=count * 0.2,
                    buckets=[count, *[0] * len(BOUNDS)],
                )
                for result, count in asked.items()
                if count
            )

    def _messages(self, now: datetime) -> None:
        appointment = self._appointment(now)
        statuses = [("failed" if self.chance.random() < 0.06 else "delivered") for _ in range(12)]
        rows = [
            Notification(
                company=self.here.company,
                appointment=appointment,
                kind="confirmation",
                channel="sms",
                version=version,
                status=status,
                error_code="30003" if status == "failed" else "",
            )
            for version, status in enumerate(statuses, 1)
        ]
        Notification.objects.bulk_create(rows)

    def _appointment(self, now: datetime) -> Appointment:
        starts_at = now + timedelta(days=1)
        row = Appointment.objects.create(
            company=self.here.company,
            branch=self.here,
            customer=self.customer,
            starts_at=starts_at,
            ends_at=starts_at + HOUR,
            status=Appointment.Status.CONFIRMED,
        )
        Reminder.objects.filter(state="due").update(state="sent")
        Reminder.objects.create(
            company=row.company,
            appointment=row,
            kind="reminder",
            starts_at=starts_at,
            minutes=1440,
            due_at=now - timedelta(minutes=4),
        )
        return row

    def _calls(self, now: datetime) -> None:
        number = Call.objects.count()
        for each in range(6):
            ended = self.chance.choice(["user_hangup"] * 12 + ["error_asr", "dial_busy"])
            salon.call(self.here, call_id=f"call_{number}_{each}", started_at=now, disconnection_reason=ended)

    def _people(self, now: datetime) -> None:
        """Two wishes are open at a time, perhaps both for too long."""
        FollowUp.objects.filter(status="open", created_at__lt=now - timedelta(hours=30)).update(status="done")
        FollowUp.objects.create(
            company=self.here.company,
            branch=self.here,
            reason=FollowUp.Reason.CALLBACK,
            due_at=now,
            next_step=self.chance.choice([1, 4]),
        )


def whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


@pytest.fixture
def clock(settings: Any) -> Iterator[time_machine.Traveller]:
    settings.RETELL_API_KEYS = ["key_one"]
    arrivals._flows.cache_clear()
    with time_machine.travel(START, tick=False) as clock:
        yield clock


def looks(moments: Traffic) -> Mapping[datetime, bool]:
    """When to look: at everything by day or by night, in turn; and at the end of each company's longest pause of the
    week, where a silence would be found."""
    days = [START + timedelta(days=number) for number in range((END - START).days)]
    whole = {day + timedelta(hours=(2, 11)[day.toordinal() % 2], minutes=17): True for day in days}
    for each in moments.values():
        longest: dict[int, tuple[timedelta, datetime]] = {}
        for last, end in gaps(each):
            week = (end - START).days // 7
            longest[week] = max(longest.get(week, (timedelta(0), end)), (end - last, end))
        whole |= {end: False for _, end in longest.values() if end not in whole}
    return dict(sorted(whole.items()))


@pytest.mark.django_db
def test_a_usual_month_alarms_nobody(clock: time_machine.Traveller) -> None:
    moments = traffic(seed=1)
    world = World(moments)
    told: list[tuple[datetime, str, str]] = []
    for now, is_whole in looks(moments).items():
        clock.move_to(now)
        world.go_to(now)
        if is_whole:
            world.live(now)
        codes = CODES if is_whole else ["provider_silent"]
        told += [(now, code, about) for code in codes for about in found(code, now)]
    assert told == []


@pytest.mark.django_db
def test_an_hours_silence_on_a_tuesday_morning_is_found(clock: time_machine.Traveller) -> None:
    """24 March, from nine to ten in Berlin."""
    nine = datetime(2026, 3, 24, 8, tzinfo=UTC)
    moments = traffic(seed=1)
    world = World(
        {pair: [each for each in rung if each < nine or each > nine + HOUR] for pair, rung in moments.items()}
    )
    found_at: dict[str, float] = {}
    for minutes in range(0, 61, 5):
        now = nine + timedelta(minutes=minutes)
        clock.move_to(now)
        world.go_to(now)
        for about in found("provider_silent", now):
            found_at.setdefault(about, minutes)
    ours = world.companies["busy"].pk
    assert found_at and min(found_at.values()) <= 55
    assert {"retell", f"retell:{ours}"} & set(found_at)
    # Calls come again, and it ends.
    now = nine + HOUR + timedelta(minutes=12)
    clock.move_to(now)
    world.go_to(now)
    assert found("provider_silent", now) == {}
