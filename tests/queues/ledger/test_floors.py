"""Looks begin where the last one found the oldest row; what comes back below that is found all the same."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from dramatiq import get_broker

from askpro.queues.ledger import floors
from askpro.queues.ledger.claim import by_age
from askpro.queues.ledger.floors import ALWAYS, CHEAP, LONGEST, RATIO, Floor
from askpro.queues.models import Job
from tests.queues import actors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_processes]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SECOND = 1_000_000_000


@pytest.fixture
def clock(monkeypatch):
    """Nanoseconds, for the floors alone."""
    now = [1000 * SECOND]
    monkeypatch.setattr(floors, "time", type("Clock", (), {"monotonic_ns": staticmethod(lambda: now[0])}))
    return now


def look(floor, clock, database, took, oldest=LONG_AGO):
    """Where a look began that took so many nanoseconds."""
    since = floor.since()
    clock[0] += took
    floor.found(database, oldest)
    return since


class TestWhereALookBegins:
    def test_at_the_beginning_as_long_as_that_is_cheap(self, database, clock):
        floor = Floor()
        assert [look(floor, clock, database, CHEAP) for _ in range(5)] == [ALWAYS] * 5

    def test_where_the_oldest_was_found_once_the_whole_is_expensive(self, database, clock):
        floor = Floor()
        assert [look(floor, clock, database, 3 * CHEAP) for _ in range(4)] == [ALWAYS, ALWAYS, LONG_AGO, LONG_AGO]

    def test_a_single_slow_look_changes_nothing(self, database, clock):
        floor = Floor()
        assert [look(floor, clock, database, took) for took in (0, 9 * CHEAP, 0, 9 * CHEAP, 0)] == [ALWAYS] * 5

    def test_looks_at_the_whole_take_a_small_part_of_the_time(self, database, clock):
        floor = Floor()
        for _ in range(2):
            look(floor, clock, database, 3 * CHEAP)
        clock[0] += 2 * CHEAP * RATIO - 1
        assert floor.since() == LONG_AGO
        clock[0] += 1
        assert floor.since() == ALWAYS

    def test_but_none_is_put_off_for_longer_than_a_minute(self, database, clock):
        floor = Floor()
        for _ in range(2):
            look(floor, clock, database, 10 * SECOND)
        clock[0] += LONGEST
        assert floor.since() == ALWAYS

    def test_when_nothing_was_found_a_few_seconds_before_now(self, database, clock):
        floor = Floor()
        for _ in range(2):
            look(floor, clock, database, 3 * CHEAP, oldest=None)
        age = datetime.now(UTC) - floor.since()
        assert timedelta(seconds=4) < age < timedelta(seconds=20)

    def test_one_process_looks_at_the_whole_and_the_others_do_not_wait_for_it(self, database, clock):
        cells = memoryview(bytearray(24)).cast("q")
        one, other = Floor(cells), Floor(cells)
        for _ in range(2):
            look(one, clock, database, 3 * CHEAP)
        clock[0] += LONGEST
        assert (one.since(), other.since()) == (ALWAYS, LONG_AGO)

    def test_further_down_when_something_has_come_back(self, database, clock):
        floor = Floor()
        for _ in range(2):
            look(floor, clock, database, 3 * CHEAP)
        floor.lower(1_000_000)
        assert floor.since() == datetime.fromtimestamp(999.999, UTC)
        floor.forget()
        assert floor.since() == ALWAYS


class TestClaims:
    """By age, with a floor that is never forgotten by itself."""

    @pytest.fixture
    def floor(self, monkeypatch):
        monkeypatch.setattr(floors, "CHEAP", -SECOND)
        return Floor()

    def claimed(self, database, floor, limit=10):
        return [claim.id for claim in by_age((database, 1, "default", get_broker().actors), limit, floor)]

    def send(self, seconds_ago):
        message = actors.nothing.send(1)
        ready_at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
        Job.objects.filter(pk=message.message_id).update(ready_at=ready_at)
        return message.message_id

    def test_what_is_older_than_the_floor_waits_for_a_look_at_the_whole(self, database, floor):
        for _ in range(2):
            self.claimed(database, floor)
        old = self.send(seconds_ago=60)
        assert self.claimed(database, floor) == []
        floor.forget()
        assert self.claimed(database, floor) == [old]

    def test_what_committed_late_is_not_passed_over(self, database, floor):
        for _ in range(2):
            self.claimed(database, floor)
        new = self.send(seconds_ago=0)
        assert self.claimed(database, floor) == [new]
        late = self.send(seconds_ago=3)
        assert self.claimed(database, floor) == [late]

    def test_a_backlog_is_claimed_from_its_oldest_job_on(self, database, floor):
        sent = [self.send(seconds_ago=age) for age in range(90, 60, -1)]
        assert [self.claimed(database, floor, limit=6) for _ in range(6)] == [
            *(sent[start : start + 6] for start in range(0, 30, 6)),
            [],
        ]


def test_the_clock_of_the_floors_is_the_same_in_all_processes():
    assert abs(time.monotonic_ns() - time.clock_gettime_ns(time.CLOCK_MONOTONIC)) < SECOND
