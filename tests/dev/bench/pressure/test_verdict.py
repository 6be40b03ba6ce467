from dataclasses import replace

import pytest

from askpro.dev.bench.pressure.phases import CLEAN, Judged, Phase
from askpro.dev.bench.pressure.verdict import (
    Back,
    Measured,
    PickUp,
    Second,
    by_second,
    clean_after,
    judge,
    pick_up,
    usual_second,
)

CAPACITY = 1_000.0
DISTURBED = Phase("disturbed")


def measured(phase: Phase = DISTURBED, done: float = 800, p99: float = 20, **more: object) -> Measured:
    found = Measured(
        phase=phase,
        seconds=60,
        away=0,
        offered=800,
        done=done,
        pick_up=PickUp(5, p99, p99, p99),
        dead_rows=0,
        size=0,
        wal=0,
        workers=0,
        postgres=None,
        updates=2,
        hot=0,
        claims=1,
        strangers=0,
        back=Back(0, 2),
    )
    return replace(found, **more)


CLEAN_ONE = measured(CLEAN, back=Back())


def test_a_phase_as_good_as_the_clean_one_is_met():
    verdict = judge(measured(), CLEAN_ONE, CAPACITY)
    assert (verdict.rate, verdict.pick_up, verdict.steady, verdict.back) == (True, True, True, True)
    assert verdict.is_met


@pytest.mark.parametrize(
    ("done", "offered", "capacity", "is_met"),
    [
        (760, 800, 1_000, True),
        (759, 800, 1_000, False),
        # More is offered than can be done: the capacity counts.
        (950, 1_500, 1_000, True),
        (949, 1_500, 1_000, False),
    ],
)
def test_the_rate_is_held_to_the_smaller_of_offer_and_capacity(
    done: float, offered: float, capacity: float, is_met: bool
):
    assert judge(measured(done=done, offered=offered), CLEAN_ONE, capacity).rate is is_met


@pytest.mark.parametrize(("p99", "is_met"), [(60, True), (61, False)])
def test_p99_may_be_three_times_the_clean_one(p99: float, is_met: bool):
    assert judge(measured(p99=p99), CLEAN_ONE, CAPACITY).pick_up is is_met


@pytest.mark.parametrize(
    ("first", "last", "is_steady"),
    [
        (20, 55, True),
        (20, 56, False),
        (200, 326, False),
    ],
)
def test_p99_must_not_grow_within_the_phase(first: float, last: float, is_steady: bool):
    found = measured(pick_up=PickUp(5, 30, first, last))
    assert judge(found, CLEAN_ONE, CAPACITY).steady is is_steady


def test_growth_up_to_the_clean_p99_is_none():
    clean = measured(CLEAN, p99=100, back=Back())
    assert judge(measured(pick_up=PickUp(5, 90, 5, 100)), clean, CAPACITY).steady is True
    assert judge(measured(pick_up=PickUp(5, 90, 5, 101)), clean, CAPACITY).steady is False


def test_of_a_burst_only_the_end_of_the_phase_is_held_to_the_clean_one():
    phase = Phase("burst", judged=Judged.LAST_THIRD)
    assert judge(measured(phase, pick_up=PickUp(5, 900, 900, 60)), CLEAN_ONE, CAPACITY).pick_up is True
    assert judge(measured(phase, pick_up=PickUp(5, 900, 900, 61)), CLEAN_ONE, CAPACITY).pick_up is False


def test_how_long_jobs_wait_in_an_overload_is_not_judged():
    phase = Phase("overload", overload=1.5, judged=Judged.NOT)
    verdict = judge(measured(phase, pick_up=PickUp(5, 9_000, 100, 9_000), done=950), CLEAN_ONE, CAPACITY)
    assert (verdict.pick_up, verdict.steady) == (None, None)
    assert verdict.is_met


def test_a_phase_in_which_no_job_starts_is_missed():
    assert judge(measured(pick_up=None), CLEAN_ONE, CAPACITY).pick_up is False


@pytest.mark.parametrize(("clean", "is_met"), [(10, True), (11, False), (None, False)])
def test_all_must_be_as_before_within_ten_seconds(clean: int | None, is_met: bool):
    assert judge(measured(back=Back(0, clean)), CLEAN_ONE, CAPACITY).back is is_met


def test_the_clean_phase_is_held_to_its_rate_and_to_being_steady():
    verdict = judge(CLEAN_ONE, CLEAN_ONE, CAPACITY)
    assert (verdict.rate, verdict.pick_up, verdict.steady, verdict.back) == (True, None, True, None)


def test_it_finds_p50_and_p99_of_a_phase_and_of_its_first_and_last_third():
    starts = [(100 + n * 0.01, float(n)) for n in range(300)]
    assert pick_up(starts, 100, 103) == PickUp(149, 296, 98, 298)


def test_it_has_no_pick_up_when_a_third_has_no_starts():
    assert pick_up([(100.5, 3.0), (102.5, 3.0)], 100, 103) is None


def test_it_counts_the_starts_of_whole_seconds():
    starts = [(10.0, 1.0), (10.9, 7.0), (12.1, 3.0), (12.9, 2.0)]
    assert by_second(starts, 10, 12.95) == [Second(2, 7), Second(0, None)]


def test_a_usual_second_has_most_of_the_starts_and_a_p99_that_few_clean_ones_exceed():
    clean = [Second(100, float(n)) for n in range(1, 101)]
    assert usual_second(clean) == Second(90, 95)


def test_it_is_clean_again_at_the_first_of_three_clean_seconds():
    good, slow, few = Second(100, 10), Second(100, 11), Second(89, 10)
    usual = Second(90, 10)
    assert clean_after([good, good, good], usual) == 0
    assert clean_after([slow, good, good, few, good, good, good, slow], usual) == 4
    assert clean_after([good, good, Second(0, None), good, good], usual) is None
