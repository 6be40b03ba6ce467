"""Scenarios step by step, as literals; then what must hold for any load."""

from collections import deque
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.queues.chores.autoscaler import Load, need, slack, step, targets
from askpro.queues.config import Pool


def pool(strategy="promise", low=1, high=10, **values):
    return Pool("all", ("critical", "default"), strategy=strategy, min_processes=low, max_processes=high, **values)


def steps(pool, current, loads, count):
    """The counts after each of `count` steps under an unchanging load."""
    seen = []
    for _ in range(count):
        current = step(pool, current, targets(pool, loads))
        seen.append(tuple(current.values()))
    return seen


def loads(critical=(0, 0.0), default=(0, 0.0), run_time=1.0):
    """(ready jobs, age of the oldest in seconds) of each."""
    return [
        Load("critical", 5, ready=critical[0], oldest=critical[1], run_time=run_time),
        Load("default", 60, ready=default[0], oldest=default[1], run_time=run_time),
    ]


class TestPromise:
    def test_it_starts_at_the_minimum(self):
        assert step(pool(low=2), {"critical": 0, "default": 0}, {"critical": 2, "default": 2}) == {
            "critical": 2,
            "default": 2,
        }

    def test_a_small_critical_queue_is_not_starved_by_a_big_backlog(self):
        here = pool(max_shift=1)
        assert steps(here, {"critical": 1, "default": 1}, loads((2, 1.0), (1000, 30.0), run_time=2.0), 9) == [
            (2, 2), (2, 3), (2, 4), (2, 5), (2, 6), (2, 7), (2, 8), (2, 8), (2, 8),
        ]  # fmt: skip

    def test_nor_when_the_backlog_is_far_more_overdue(self):
        assert targets(pool(), loads((2, 1.0), (100_000, 3600.0), run_time=2.0)) == {"critical": 2, "default": 8}

    def test_two_big_backlogs_share_alike(self):
        assert targets(pool(), loads((1000, 10.0), (1000, 10.0))) == {"critical": 5, "default": 5}

    def test_the_odd_process_goes_to_whose_promise_breaks_first(self):
        assert targets(pool(high=11), loads((1000, 2.0), (1000, 2.0))) == {"critical": 6, "default": 5}
        assert targets(pool(high=11), loads((1000, 2.0), (1000, 3600.0))) == {"critical": 5, "default": 6}

    def test_it_goes_down_step_by_step_when_the_load_has_gone(self):
        here = pool(max_shift=3)
        assert steps(here, {"critical": 2, "default": 8}, loads(), 4) == [(1, 5), (1, 2), (1, 1), (1, 1)]

    def test_what_arrives_steadily_is_kept_up_with(self):
        busy = [Load("critical", 5, arrivals=6.0, run_time=0.5), Load("default", 60)]
        assert targets(pool(), busy) == {"critical": 3, "default": 1}

    def test_threads_count_as_hands(self):
        assert targets(pool(threads=4), loads((0, 0), (1000, 0.0), run_time=0.25)) == {"critical": 1, "default": 3}

    def test_jobs_that_hang_before_one_was_measured_ask_for_more(self):
        assert need(Load("critical", 5, ready=6, oldest=4.0), pool(cooldown=1)) == 6

    def test_slack_is_what_is_left_of_the_promise(self):
        assert slack(Load("critical", 5, ready=4, oldest=1.0, run_time=1.0), 2, pool()) == 2.0
        assert slack(Load("critical", 5, ready=4, oldest=9.0, run_time=1.0), 1, pool()) == -8.0


class TestAsHorizonHasIt:
    @pytest.mark.parametrize(
        ("strategy", "loads", "expected"),
        [
            ("time", loads((2, 0), (1000, 0)), {"critical": 1, "default": 10}),
            ("time", loads((50, 0), (50, 0)), {"critical": 5, "default": 5}),
            ("time", loads((1, 0), (0, 0), run_time=0.0), {"critical": 10, "default": 1}),
            ("size", loads((30, 0), (70, 0)), {"critical": 3, "default": 7}),
            ("size", loads((0, 0), (0, 0)), {"critical": 1, "default": 1}),
            ("simple", loads((0, 0), (9000, 0)), {"critical": 5, "default": 5}),
        ],
    )
    def test_its_strategies_want_what_they_want_there(self, strategy, loads, expected):
        assert targets(pool(strategy), loads) == expected

    def test_size_takes_nearly_all_for_the_backlog_but_the_minimum_stays(self):
        here = pool("size", max_shift=5)
        assert steps(here, {"critical": 1, "default": 1}, loads((2, 0), (1000, 0)), 3) == [(1, 6), (1, 9), (1, 9)]

    def test_it_shifts_by_no_more_than_it_may(self):
        here = pool("time", high=20, max_shift=1)
        assert steps(here, {"critical": 5, "default": 5}, loads((10, 0), (10, 0)), 3) == [(6, 6), (7, 7), (8, 8)]


class TestSeveralHosts:
    def test_they_share_what_the_fleet_needs(self):
        here = pool(high=10)
        shares = [targets(here, loads((6, 0.0), (40, 30.0)), rank, 3) for rank in range(3)]
        alone = targets(pool(low=3, high=30), loads((6, 0.0), (40, 30.0)))
        for queue, count in alone.items():
            assert sum(share[queue] for share in shares) == count
            assert max(share[queue] for share in shares) - min(share[queue] for share in shares) <= 1

    def test_each_keeps_its_minimum(self):
        assert [targets(pool(low=2), loads(), rank, 4) for rank in range(4)] == [{"critical": 2, "default": 2}] * 4


class TestLeaving:
    def test_processes_that_still_finish_their_jobs_take_room(self):
        here = pool(high=10, max_shift=10)
        assert step(here, {"critical": 1, "default": 1}, {"critical": 5, "default": 5}, leaving=4) == {
            "critical": 5,
            "default": 1,
        }


def some_loads(queues):
    return st.tuples(
        *(
            st.builds(
                Load,
                st.just(queue),
                promise=st.sampled_from([1, 5, 60, 600]),
                ready=st.integers(0, 100_000),
                oldest=st.floats(0, 10_000),
                arrivals=st.floats(0, 5000),
                run_time=st.floats(0, 600),
            )
            for queue in queues
        )
    )


@st.composite
def situations(draw, strategies=("promise", "time", "size", "simple")):
    """A pool, and what was measured of its queues."""
    queues = ("critical", "high", "default", "low")[: draw(st.integers(1, 4))]
    low = draw(st.integers(1, 3))
    here = Pool(
        "all",
        queues,
        strategy=draw(st.sampled_from(strategies)),
        min_processes=low,
        max_processes=low * len(queues) + draw(st.integers(0, 20)),
        max_shift=draw(st.integers(1, 6)),
        threads=draw(st.integers(1, 4)),
    )
    return here, draw(some_loads(queues))


@given(situations())
def test_whatever_the_load_bounds_hold_and_it_comes_to_rest(situation):
    here, measured = situation
    current = dict.fromkeys(here.queues, here.min_processes)
    wanted = targets(here, measured)
    for _ in range(40):
        after = step(here, current, wanted)
        assert sum(after.values()) <= here.max_processes
        assert all(here.min_processes <= after[queue] for queue in here.queues)
        assert all(abs(after[queue] - current[queue]) <= here.max_shift for queue in here.queues)
        current = after
    assert step(here, current, wanted) == current


@given(situations(strategies=("promise",)))
def test_who_needs_no_more_than_an_equal_share_gets_it(situation):
    here, measured = situation
    wanted = targets(here, measured)
    for load in measured:
        assert wanted[load.queue] >= min(need(load, here), here.max_processes // len(here.queues))


@given(situations(), st.integers(1, 5))
def test_hosts_together_have_what_the_fleet_wants_and_never_less_than_their_minimum(situation, hosts):
    here, measured = situation
    shares = [targets(here, measured, rank, hosts) for rank in range(hosts)]
    fleet = replace(here, min_processes=here.min_processes * hosts, max_processes=here.max_processes * hosts)
    wanted = targets(fleet, measured)
    assert {queue: sum(share[queue] for share in shares) for queue in here.queues} == wanted
    assert all(share[queue] >= here.min_processes for share in shares for queue in here.queues)


def test_two_critical_against_a_thousand_default_jobs_keep_the_critical_promise():
    """Simulate two minutes with jobs of 2 s: critical jobs come in pairs, default has a backlog."""
    here = pool(max_shift=1, cooldown=3)
    counts = {"critical": 1, "default": 1}
    ready = {"critical": deque([0.0, 0.0]), "default": deque([0.0] * 1000)}
    longest_wait = 0.0
    for second in range(120):
        if second % 10 == 0:
            ready["critical"].extend([float(second)] * 2)
        if second % 3 == 0:
            measured = [
                Load(queue, promise, len(jobs), second - jobs[0] if jobs else 0.0, run_time=2.0)
                for (queue, jobs), promise in zip(ready.items(), (5, 60), strict=True)
            ]
            counts = step(here, counts, targets(here, measured))
        if second % 2 == 0:
            for queue, jobs in ready.items():
                for _ in range(min(counts[queue], len(jobs))):
                    began = jobs.popleft()
                    if queue == "critical":
                        longest_wait = max(longest_wait, second - began)
    assert longest_wait <= 5
    assert counts["default"] >= 7
