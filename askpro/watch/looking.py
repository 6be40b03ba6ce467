"""Looks at the conditions that are due: those of one source in one thread, so that no source waits for another."""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import psycopg2
import redis
from django.db import InterfaceError, OperationalError

from askpro.deadline import deadline
from askpro.watch.conditions.base import Condition, Source
from askpro.watch.incidents import MOST, Look
from askpro.watch.lanes import Busy, Lane

log = logging.getLogger(__name__)

# A condition that needs several is looked at in the thread of the first.
_ORDER: Final = tuple(Source)
# That one of these was raised says that a source is away; anything else is a fault of the condition.
AWAY: Final = (OperationalError, InterfaceError, psycopg2.OperationalError, redis.RedisError, OSError)


@dataclass(frozen=True, slots=True)
class _Round:
    conditions: Sequence[Condition]
    future: "Future[list[Look]]"


class Looking:
    """`begin` what is due, `collect` what is done. `wake` is called when there is something to collect."""

    def __init__(self, conditions: Iterable[Condition], wake: Callable[[], None], pace: float = 1.0) -> None:
        self._wake = wake
        self._pace = pace
        self._by_lane: dict[str, list[Condition]] = {}
        for condition in conditions:
            self._by_lane.setdefault(_lane_of(condition), []).append(condition)
        self._lanes = {name: Lane(name) for name in self._by_lane}
        self._rounds: dict[str, _Round] = {}
        self._next: dict[str, datetime] = {}
        # Those whose fault was logged, until they are known again.
        self._faulty: set[str] = set()
        # Since when each condition has not been known.
        self.unknown_since: dict[str, datetime] = {}

    def begin(self, now: datetime) -> None:
        for name, conditions in self._by_lane.items():
            if name in self._rounds:
                continue
            if due := [each for each in conditions if self._next.get(each.code, now) <= now]:
                self._start(name, due, now)

    def collect(self, now: datetime) -> list[Look]:
        """What was looked at since the last time. A condition that is not known now is in it, too."""
        looks: list[Look] = []
        for name, begun in list(self._rounds.items()):
            if begun.future.done():
                del self._rounds[name]
                looks += begun.future.result()
        for look in looks:
            if look.findings is None:
                self.unknown_since.setdefault(look.condition.code, now)
            else:
                self.unknown_since.pop(look.condition.code, None)
                self._faulty.discard(look.condition.code)
        return looks

    def is_done(self) -> bool:
        """Whether nothing is being looked at."""
        return all(begun.future.done() for begun in self._rounds.values())

    def _start(self, name: str, due: Sequence[Condition], now: datetime) -> None:
        try:
            future = self._lanes[name].start(lambda: self._look_at_all(due, now), sum(each.patience for each in due))
        except Busy:
            return
        for condition in due:
            self._next[condition.code] = now + timedelta(seconds=condition.every * self._pace)
        # Counts as not known until it is: a look may hang for ever.
        for condition in due:
            self.unknown_since.setdefault(condition.code, now)
        self._rounds[name] = _Round(due, future)
        future.add_done_callback(lambda _: self._wake())

    def _look_at_all(self, due: Sequence[Condition], now: datetime) -> list[Look]:
        """One after the other. When a source is found away, the others that need it are not tried in vain."""
        away: set[Source] = set()
        looks = []
        for condition in due:
            if condition.needs & away:
                looks.append(Look(condition, None))
                continue
            look, is_away = self._look_at(condition, now)
            if is_away:
                away |= condition.needs
            looks.append(look)
        return looks

    def _look_at(self, condition: Condition, now: datetime) -> tuple[Look, bool]:
        try:
            with deadline(condition.patience):
                found = [finding for finding, _ in zip(condition.find(now), range(MOST), strict=False)]
                return Look(condition, found), False
        except AWAY as error:
            log.info("%s cannot be looked at: %s", condition.code, type(error).__name__)
            return Look(condition, None), True
        except Exception:
            # Logged with its place the first time only; that it lasts is an alert of its own.
            log.log(self._level(condition), "%s cannot be looked at; the others are", condition.code, exc_info=True)
            return Look(condition, None), False

    def _level(self, condition: Condition) -> int:
        is_known = condition.code in self._faulty
        self._faulty.add(condition.code)
        return logging.DEBUG if is_known else logging.ERROR


def _lane_of(condition: Condition) -> str:
    return next((source.value for source in _ORDER if source in condition.needs), "stores")
