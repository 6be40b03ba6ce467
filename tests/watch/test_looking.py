"""One source that hangs, fails or lies holds up no other."""

import threading
import time
from datetime import timedelta

import psycopg2
import pytest
import redis
from django.db import OperationalError, ProgrammingError

from askpro.deadline import seconds_left
from askpro.watch.conditions.base import Finding, Source
from askpro.watch.looking import Looking
from tests.watch.made import BEGIN, condition

FOUND = Finding("critical", 5, 1)


def looking(*conditions) -> Looking:
    return Looking(conditions, lambda: None)


def looked(round_: Looking, seconds: float = 0, until: int = 1) -> dict[str, list[Finding] | None]:
    round_.begin(BEGIN + timedelta(seconds=seconds))
    found: dict[str, list[Finding] | None] = {}
    limit = time.monotonic() + 5
    while len(found) < until and time.monotonic() < limit:
        found |= {look.condition.code: look.findings for look in round_.collect(BEGIN)}
        time.sleep(0.002)
    return found


def raising(error: Exception):
    def find(now):
        raise error

    return find


def test_it_looks_at_what_is_due_and_gives_what_it_finds() -> None:
    round_ = looking(condition("often", find=lambda now: [FOUND], every=10), condition("seldom", every=60))
    assert looked(round_, until=2) == {"often": [FOUND], "seldom": []}
    assert looked(round_, 5, until=0) == {}
    assert looked(round_, 10) == {"often": [FOUND]}
    assert looked(round_, 60, until=2) == {"often": [FOUND], "seldom": []}


def test_a_source_that_hangs_holds_up_no_other() -> None:
    hangs = threading.Event()
    stuck = condition("stuck", needs=frozenset({Source.REDIS}), find=lambda now: hangs.wait(5) and ())
    round_ = looking(stuck, condition("free", needs=frozenset({Source.POSTGRES}), find=lambda now: [FOUND]))
    assert looked(round_) == {"free": [FOUND]}
    assert looked(round_, 10) == {"free": [FOUND]}
    assert set(round_.unknown_since) == {"stuck"}
    hangs.set()
    assert looked(round_, 20, until=2) == {"free": [FOUND], "stuck": []}
    assert round_.unknown_since == {}


@pytest.mark.parametrize(
    "error", [OperationalError(), psycopg2.OperationalError(), redis.TimeoutError(), TimeoutError(), OSError()]
)
def test_a_source_that_is_away_is_not_asked_again_in_vain(error) -> None:
    asked = []
    needs = frozenset({Source.POSTGRES})
    first = condition("first", needs=needs, find=raising(error))
    second = condition("second", needs=needs, find=lambda now: asked.append(now) or ())
    other = condition("other", needs=frozenset({Source.DISK}), find=lambda now: [FOUND])
    assert looked(looking(first, second, other), until=3) == {"first": None, "second": None, "other": [FOUND]}
    assert asked == []


@pytest.mark.parametrize("error", [KeyError("x"), ProgrammingError(), ZeroDivisionError()])
def test_a_condition_with_a_fault_is_not_known_and_the_others_are(error) -> None:
    needs = frozenset({Source.POSTGRES})
    round_ = looking(condition("faulty", needs=needs, find=raising(error)), condition("sound", needs=needs))
    assert looked(round_, until=2) == {"faulty": None, "sound": []}
    assert set(round_.unknown_since) == {"faulty"}


def test_a_fault_that_lasts_is_logged_once(caplog) -> None:
    round_ = looking(condition("faulty", find=raising(KeyError("x"))))
    for seconds in (0, 10, 20):
        looked(round_, seconds)
    assert [record.levelname for record in caplog.records if "faulty" in record.message] == ["ERROR"]


def test_a_finder_has_a_deadline_for_what_it_asks() -> None:
    left = []
    looked(looking(condition(find=lambda now: left.append(seconds_left()) or (), patience=2.0)))
    assert 1 < left[0] <= 2


def test_a_finder_that_gives_without_end_is_cut_off() -> None:
    endless = condition(find=lambda now: iter(lambda: FOUND, None))
    assert len(looked(looking(endless))["late"]) == 50
