"""Cal.com's free starts of an event type, read for some weeks at once and kept for a minute."""

import contextlib
import json
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from appointments.availability.shelf import shelf
from appointments.calcom import client as calcom
from askpro.deadline import NoTime, seconds_left
from askpro.queues.errors import RateLimited, Unavailable
from askpro.queues.ledger import gates
from calls.models import Company

# The least that is asked for at once: who hears that Thursday is taken asks for the next days, and a limit counts
# requests, not days. Cal.com's own page asks for a month.
SPAN: Final = timedelta(weeks=4)
# Seconds for which an answer counts: a host's own calendar changes without a webhook.
FRESH_FOR: Final = 60
# Seconds for which the last answer is kept, for when Cal.com cannot be asked.
LAST_FOR: Final = 600
# Seconds by which another host's clock may be ahead.
SKEW: Final = 5
# Seconds within which the last answer is the one that was just waited for.
JUST_NOW: Final = 2
# Seconds for which callers who waited for the same question are told that it failed, instead of asking again.
FAILED_FOR: Final = 1.0
FAILED: Final = b"failed"
# Seconds between two looks for an answer that another caller has asked for.
LOOK_EVERY: Final = 0.02


@dataclass(frozen=True, slots=True)
class Slots:
    """Free starts in UTC, in order. Not fresh: the last answer, because Cal.com could not be asked."""

    starts: list[datetime]
    is_fresh: bool

    def between(self, start: datetime, end: datetime) -> "Slots":
        return Slots([each for each in self.starts if start <= each < end], self.is_fresh)


def flush(company_id: int) -> None:
    """Once the transaction has committed, nothing that was read for this company before counts any more."""
    transaction.on_commit(lambda: shelf().raise_version(_version_key(company_id)))


def note_gone(company: Company, event_type_id: int, start: datetime, host: int | None = None) -> None:
    """Cal.com says that this start is taken: flush, and leave it out of the last answer as well."""
    flush(company.pk)
    question = _Question(company, event_type_id, host, [start.astimezone(UTC).date()])
    transaction.on_commit(lambda: question.note_gone(start))


def slots(
    company: Company,
    event_type_id: int,
    start: datetime,
    end: datetime,
    host: int | None = None,
    *,
    as_just_heard: bool = False,
) -> Slots:
    """The free starts from `start` until before `end`, both aware; of any host, or of this one.

    `as_just_heard`: an answer of the last moments counts, even if it was flushed meanwhile. Callers who need the same
    weeks at the same time cause one request. Raises what the client raises, unless the last answer is at most LAST_FOR
    seconds old; `Unavailable` also when the caller's patience ends.
    """
    question = _Question(company, event_type_id, host, _days(start, end))
    return question.answer(as_just_heard=as_just_heard).between(start, end)


@dataclass(frozen=True, slots=True)
class _Question:
    company: Company
    event_type_id: int
    host: int | None
    days: list[date]

    def answer(self, *, as_just_heard: bool = False) -> Slots:
        """Look, else ask, else wait for the caller who asks already.

        Who has waited takes the answer that was waited for, even if it was flushed meanwhile: where callers book one
        after the other, each would wait for the next question.
        """
        for look in range(math.ceil(settings.VENDOR_TIMEOUT / LOOK_EVERY)):
            version = shelf().version(_version_key(self.company.pk))
            if (kept := self._kept(version, FRESH_FOR)) is not None:
                return Slots(kept, is_fresh=True)
            if (look or as_just_heard) and (kept := self._last(JUST_NOW)) is not None:
                return Slots(kept, is_fresh=False)
            flight = f"{self._prefix}:flight:{self._first}:{self._end}"
            if shelf().claim(flight, settings.VENDOR_TIMEOUT + 1):
                return self._ask(version, flight)
            if shelf().read([flight]) == [FAILED]:
                return self._last_answer(Unavailable("Cal.com: the same question has just failed"))
            if not _may_wait():
                break
            time.sleep(LOOK_EVERY)
        return self._last_answer(Unavailable("Cal.com: no answer in time to a question that was asked already"))

    def _ask(self, version: str, flight: str) -> Slots:
        """Ask, unless an answer came just before the flight began."""
        try:
            if (kept := self._kept(version, FRESH_FOR)) is None:
                kept = self._ask_calcom()
                self._keep(version, kept)
        except (Unavailable, RateLimited) as error:
            # Another caller may have more patience, and at a shut gate no request is made.
            if error.is_hurried or isinstance(error, RateLimited):
                shelf().drop(flight)
            else:
                shelf().write({flight: FAILED}, FAILED_FOR)
            return self._last_answer(error)
        except BaseException:
            shelf().drop(flight)
            raise
        shelf().drop(flight)
        return Slots(kept, is_fresh=True)

    def _ask_calcom(self) -> list[datetime]:
        begin, end = max(_midnight(self._first), timezone.now()), _midnight(self._end + timedelta(days=1))
        # Callers who can be told the last answer leave room for those who book, and do not wait for it.
        with gates.aside() if self._last() is not None else contextlib.nullcontext():
            return calcom.for_company(self.company).slots(self.event_type_id, begin, end, self.host)

    def _last_answer(self, error: Unavailable | RateLimited) -> Slots:
        if (kept := self._last()) is None:
            raise error
        return Slots(kept, is_fresh=False)

    def _last(self, seconds: int = LAST_FOR) -> list[datetime] | None:
        """The last answer, if it is no older than this, without what Cal.com has refused since."""
        kept = self._kept("last", seconds)
        gone = frozenset(self._kept("gone", LAST_FOR, of_all=False) or ()) if kept else frozenset()
        return None if kept is None else [start for start in kept if start not in gone]

    def _kept(self, version: str, seconds: int, *, of_all: bool = True) -> list[datetime] | None:
        """What is kept of the wanted days and no older than this; None if a day is missing, unless some are enough."""
        now = timezone.now().timestamp()
        starts: list[datetime] = []
        for value in shelf().read([self._key(version, day) for day in self.days]):
            at, minutes = json.loads(value) if value else (0, [])
            if -SKEW <= now - at < seconds:
                starts += [datetime.fromtimestamp(minute * 60, UTC) for minute in minutes]
            elif of_all:
                return None
        return starts

    def note_gone(self, start: datetime) -> None:
        known = {int(each.timestamp()) // 60 for each in self._kept("gone", LAST_FOR, of_all=False) or ()}
        value = [int(timezone.now().timestamp()), sorted({*known, int(start.timestamp()) // 60})]
        shelf().write({self._key("gone", self.days[0]): json.dumps(value).encode()}, LAST_FOR)

    def _keep(self, version: str, starts: Iterable[datetime]) -> None:
        by_day: dict[date, list[int]] = {day: [] for day in _from_to(self._first, self._end)}
        for start in starts:
            by_day.setdefault(start.date(), []).append(int(start.timestamp()) // 60)
        at = int(timezone.now().timestamp())
        values = {day: json.dumps([at, minutes]).encode() for day, minutes in by_day.items()}
        shelf().write({self._key(version, day): value for day, value in values.items()}, FRESH_FOR)
        shelf().write({self._key("last", day): value for day, value in values.items()}, LAST_FOR)

    def _key(self, version: str, day: date) -> str:
        return f"{self._prefix}:{version}:{day}"

    @property
    def _prefix(self) -> str:
        return f"{self.company.pk}:{self.event_type_id}:{self.host or 0}"

    @property
    def _first(self) -> date:
        """The Monday before the first day, so that questions for days of one week are the same."""
        return self.days[0] - timedelta(days=self.days[0].weekday())

    @property
    def _end(self) -> date:
        sunday = self.days[-1] + timedelta(days=6 - self.days[-1].weekday())
        return max(sunday, self._first + SPAN - timedelta(days=1))


def _version_key(company_id: int) -> str:
    return f"{company_id}:version"


def _days(start: datetime, end: datetime) -> list[date]:
    return list(_from_to(start.astimezone(UTC).date(), (end - timedelta(microseconds=1)).astimezone(UTC).date()))


def _from_to(first: date, last: date) -> Sequence[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _may_wait() -> bool:
    try:
        left = seconds_left()
    except NoTime:
        return False
    return left is None or left > LOOK_EVERY
