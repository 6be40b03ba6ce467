"""A month of appointments by seed, and what its customers have to hear of it: plain arithmetic, without the product."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
QUIET_FROM, QUIET_UNTIL = 21, 8
# Nothing happens at a full minute but what is due then, so that it is clear which of two was first.
OFF_BEAT = timedelta(seconds=7)
ANSWERS_AFTER = 30 * MINUTE
INSISTS_AFTER = 2 * MINUTE


@dataclass(frozen=True, slots=True)
class Told:
    """One reminder as the customer gets it."""

    number: int
    kind: str
    at: datetime


@dataclass(slots=True)
class Course:
    """What becomes of one appointment: the times that it has, each from when on; None: it is cancelled."""

    number: int
    times: list[tuple[datetime, datetime | None]]
    by_mail: bool = False
    answer: str = ""


@dataclass(slots=True)
class Month:
    first: date
    courses: list[Course] = field(default_factory=list)
    # While these last, no job runs.
    outages: list[tuple[datetime, datetime]] = field(default_factory=list)

    def running(self, moment: datetime) -> datetime:
        """The moment, or the end of the outage that it falls into."""
        return next((end for start, end in self.outages if start <= moment < end), moment)


def month(first: date, count: int) -> Month:
    """A month by the seed of its first day: three outages, moves, cancellations, answers."""
    chance, made = random.Random(first.toordinal()), Month(first)
    for day, hours in ((5, 6), (15, 3), (24, 30)):
        start = _local(first + day * DAY, chance.randrange(6, 23))
        made.outages.append((start, start + hours * HOUR))
    made.courses = [_course(number, chance, made) for number in range(count)]
    return made


def reminders(course: Course, of: Month) -> Iterator[Told]:
    """What its customer is to be told, and when."""
    first = None
    cancelled_at = None
    for (known_at, starts_at), (until, _) in pairwise([*course.times, (datetime.max.replace(tzinfo=UTC), None)]):
        if starts_at is None:
            continue
        first = _first(course, of, known_at, starts_at, until)
        if first is not None:
            yield Told(course.number, "reminder", first)
            cancelled_at = answered_at(course, of, first, starts_at)
        ends = min(until, cancelled_at + INSISTS_AFTER) if cancelled_at and course.answer == "ABSAGE" else until
        last = _last(course, of, known_at, starts_at, ends)
        if last is not None:
            yield Told(course.number, "last_reminder", last)


def answered_at(course: Course, of: Month, reminded_at: datetime, starts_at: datetime) -> datetime | None:
    """When the customer answers the first reminder; None if not, or not in time."""
    at = of.running(reminded_at + ANSWERS_AFTER) + OFF_BEAT
    return at if course.answer and at + 10 * MINUTE < starts_at else None


def near(starts_at: datetime, now: datetime) -> str:
    """What an SMS says before the date."""
    days = (starts_at.astimezone(BERLIN).date() - now.astimezone(BERLIN).date()).days
    return {0: "heute, ", 1: "morgen, "}.get(days, "")


def _course(number: int, chance: random.Random, of: Month) -> Course:
    booked_at, starts_at = _around_the_change(chance, of) if number % 4 == 0 else _at_any_time(chance, of)
    course = Course(number, [(booked_at, starts_at)], by_mail=chance.random() < 0.2)
    fate = chance.random()
    if fate < 0.4:
        changed_at = _off_outages(of, booked_at + chance.random() * (starts_at - booked_at))
        if booked_at < changed_at < starts_at:
            course.times.append((changed_at, None if fate < 0.15 else _start(chance, changed_at)))
    elif not course.by_mail:
        course.answer = chance.choice(["", "JA", "ABSAGE"])
    return course


def _at_any_time(chance: random.Random, of: Month) -> tuple[datetime, datetime]:
    booked_at = _off_outages(of, _local(of.first + chance.randrange(28) * DAY, chance.randrange(7, 20)))
    return booked_at, _start(chance, booked_at)


def _around_the_change(chance: random.Random, of: Month) -> tuple[datetime, datetime]:
    """Booked in the week before the clocks change, for that day or the next."""
    change = next(of.first + days * DAY for days in range(24, 31) if (of.first + days * DAY).weekday() == 6)
    starts_at = _local(change + chance.randrange(2) * DAY, chance.randrange(6, 22))
    return _off_outages(of, _local(change - 6 * DAY, 9)), starts_at


def _start(chance: random.Random, after: datetime) -> datetime:
    """A quarter of an hour between six in the morning and half past ten at night, half an hour to twelve days ahead."""
    ahead = chance.choice([chance.uniform(0.02, 1.5), chance.uniform(1.5, 12)])
    day = (after + ahead * DAY).astimezone(BERLIN).date()
    moment = _local(day, chance.randrange(6, 22)) + chance.randrange(4) * 15 * MINUTE
    return moment if moment > after + 30 * MINUTE else _start(chance, after + HOUR)


def _off_outages(of: Month, moment: datetime) -> datetime:
    return of.running(moment.replace(second=0, microsecond=0)) + OFF_BEAT


def _first(course: Course, of: Month, known_at: datetime, starts_at: datetime, until: datetime) -> datetime | None:
    local = starts_at.astimezone(BERLIN)
    due = datetime.combine(local.date() - DAY, local.time(), BERLIN).astimezone(UTC)
    if known_at > due:
        return None
    at = _sent_at(course, of, due, starts_at, until)
    last = _last_due(course, of, known_at, starts_at)
    return None if at is None or (last is not None and last <= at) else at


def _last(course: Course, of: Month, known_at: datetime, starts_at: datetime, until: datetime) -> datetime | None:
    due = _last_due(course, of, known_at, starts_at)
    return _sent_at(course, of, due, starts_at, until) if due is not None else None


def _last_due(course: Course, of: Month, known_at: datetime, starts_at: datetime) -> datetime | None:
    return starts_at - 2 * HOUR if known_at <= starts_at - 4 * HOUR else None


def _sent_at(course: Course, of: Month, due: datetime, starts_at: datetime, until: datetime) -> datetime | None:
    """When it is sent: not during an outage, SMS not in the quiet hours, and before the start or the next change."""
    at, settled = due, False
    while not settled:
        at, settled = of.running(at), True
        if not course.by_mail and (quiet := _quiet_until(at)) is not None:
            at, settled = quiet, False
    return at if at < starts_at and at < until else None


def _quiet_until(moment: datetime) -> datetime | None:
    local = moment.astimezone(BERLIN)
    if QUIET_UNTIL <= local.hour < QUIET_FROM:
        return None
    return _local(local.date() if local.hour < QUIET_UNTIL else local.date() + DAY, QUIET_UNTIL)


def _local(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), BERLIN).astimezone(UTC)
