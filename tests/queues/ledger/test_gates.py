"""Gates: one limit and one breaker for each vendor, shared by all processes; jobs that wait there are not claimed."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise
from unittest.mock import ANY

import pytest
from django.db import connection
from django.utils import timezone
from dramatiq import get_broker
from hypothesis import example, given, settings
from hypothesis import strategies as st

from askpro.queues import interventions
from askpro.queues.chores import promotion, shut_gates
from askpro.queues.errors import GateShut, Gone, RateLimited, Rejected, Unavailable, Unknown, Unreached, Urgency
from askpro.queues.ledger import gate_sql, gates
from askpro.queues.ledger.claim import by_age
from askpro.queues.ledger.gates import Gate
from askpro.queues.ledger.recover import Death, recover
from askpro.queues.models import Attempt, FleetEvent, GateState, Job, Worker
from askpro.queues.testing import run_jobs
from tests.gates import let_pass
from tests.queues import actors
from tests.queues.actors import GATE, answers

pytestmark = pytest.mark.django_db(transaction=True)

OUTAGE = Unreached("Vendor: connection refused")
FREE = Gate("vendor:test")


@pytest.fixture(autouse=True)
def _all_answers() -> Iterator[None]:
    answers.clear()
    yield
    answers.clear()


def state() -> GateState:
    return GateState.objects.get(name=GATE.name)


def use_up(gate: Gate = GATE) -> int:
    """Make requests of the first urgency until there is no room; return their number."""
    for count in range(1000):
        try:
            with gates.live(0, only_asks=True), gate.passing():
                pass
        except GateShut:
            return count
    raise AssertionError("there is no limit")


def asked(effects: object) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM effect WHERE name = 'asked' ORDER BY at")
        return [row[0] for row in cursor.fetchall()]


def make_room(count: float, urgency: Urgency = Urgency.FIRST) -> None:
    """From now on there is room for this number of requests of this urgency; a negative one means none for long."""
    ahead = (GATE.burst * gates.SHARES[urgency] - count) * GATE.spacing
    with connection.cursor() as cursor:
        values = [ahead, GATE.spacing, GATE.burst]
        cursor.execute(
            "INSERT INTO queues_gate AS gate (name, full_at, spacing, burst)"
            " VALUES ('vendor:test', clock_timestamp() + %s * interval '1 second', %s, %s)"
            " ON CONFLICT (name) DO UPDATE SET full_at = excluded.full_at",
            values,
        )


def waiting() -> list[int]:
    return list(Job.objects.filter(status="released").order_by("id").values_list("kwargs__number", flat=True))


class TestTheLimit:
    @settings(max_examples=12, deadline=None)
    @example([(1.0, Urgency.LIVE)] * 100)
    @given(st.lists(st.tuples(st.sampled_from([0, 0, 0, 0.1, 1, 9, 40]), st.sampled_from(Urgency)), max_size=120))
    def test_no_minute_holds_more_than_it_however_late_requests_are_made(
        self, arrivals: list[tuple[float, Urgency]]
    ) -> None:
        GateState.objects.all().delete()
        gate, now, granted = Gate("vendor:test", per_minute=20), 0.0, []
        for gap, urgency in arrivals:
            let_pass(gap)
            now += gap
            try:
                gates._enter(gate, urgency, None)
            except GateShut:
                continue
            granted.append(now)
        for number, first in enumerate(granted):
            assert sum(first <= moment <= first + 60 + gates.LATE for moment in granted[number:]) <= gate.per_minute

    def test_a_quiet_moment_allows_a_burst_and_then_it_spaces(self) -> None:
        assert use_up() == GATE.burst == 18
        let_pass(GATE.spacing)
        assert use_up() == 1

    def test_many_hosts_at_once_are_granted_what_one_would_be(self) -> None:
        granted: list[int] = []

        def host() -> None:
            try:
                granted.append(use_up())
            finally:
                connection.close()

        threads = [threading.Thread(target=host) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert GATE.burst <= sum(granted) <= GATE.burst + 1

    def test_less_urgent_callers_leave_some_of_it_to_the_urgent(self) -> None:
        left = {}
        for urgency in reversed(Urgency):
            try:
                while True:
                    gates._enter(GATE, urgency, None)
                    left[urgency.name] = left.get(urgency.name, 0) + 1
            except GateShut:
                continue
        assert left == {"LAST": 5, "USUAL": 5, "FIRST": 4, "LIVE": 4}

    def test_who_asks_outside_of_a_job_leaves_the_part_of_the_callers_on_the_line(self) -> None:
        with pytest.raises(GateShut):
            for _ in range(GATE.burst):
                with GATE.passing():
                    pass
        assert use_up() == 4

    def test_a_caller_on_the_line_waits_for_room_as_long_as_patience_lasts(self) -> None:
        make_room(1 - 0.2 / GATE.spacing, Urgency.LIVE)
        asking = partial(gates.live, only_asks=True)
        with asking(0.1), pytest.raises(GateShut), GATE.passing():
            pass
        with asking(5.0), asking(9.0), GATE.passing():
            pass
        with asking(5.0), asking(0.1), pytest.raises(GateShut), GATE.passing():
            pass

    def test_a_caller_who_only_asks_goes_before_one_for_whom_is_written(self) -> None:
        make_room(1, Urgency.LIVE)
        with gates.live(0.1), pytest.raises(GateShut), GATE.passing():
            pass
        with gates.live(0.1, only_asks=True), GATE.passing():
            pass

    def test_who_has_another_answer_at_hand_leaves_the_callers_part_and_does_not_wait(self) -> None:
        make_room(4, Urgency.LIVE)
        with gates.live(5.0):
            with gates.aside(), pytest.raises(GateShut), GATE.passing():
                pass
            with GATE.passing():
                pass

    def test_another_gate_is_not_concerned(self) -> None:
        use_up()
        with replace(GATE, name="vendor:other").passing():
            pass


class TestWaiting:
    def test_who_finds_no_room_waits_unclaimed_and_spends_nothing(self, effects: object, database: object) -> None:
        make_room(-100)
        for number in range(3):
            actors.asks_first.send(number=number)
        run_jobs()
        for _ in range(3):
            promotion.promote(database)
            promotion.free_locks(database)
            assert gates.admit(database) == 0
        assert run_jobs() == []
        assert set(Job.objects.values_list("status", "tries_spent", "claim_no", "gate")) == {
            ("released", 0, 1, GATE.name)
        }
        assert Job.objects.last().release_reason == "waits at vendor:test: its limit is used up"
        assert not Attempt.objects.exists() and asked(effects) == []

    def test_the_urgent_go_first_then_the_oldest_as_far_as_there_is_room(
        self, effects: object, database: object
    ) -> None:
        make_room(-100)
        for number, actor in enumerate([actors.asks_last, actors.asks, actors.asks_first, actors.asks_first]):
            actor.send(number=number)
        run_jobs()
        make_room(1.5)
        assert gates.admit(database) == 1
        make_room(1.5)
        assert gates.admit(database) == 1
        assert gates.admit(database) == 0
        make_room(1.5, Urgency.USUAL)
        assert gates.admit(database) == 1
        make_room(1.5, Urgency.LAST)
        assert gates.admit(database) == 1
        assert sorted(Job.objects.values_list("ready_at", "kwargs__number")) == [(ANY, n) for n in (2, 3, 1, 0)]

    def test_who_comes_later_does_not_pass_those_who_wait(self, effects: object, database: object) -> None:
        make_room(-100)
        actors.asks_first.send(number=1)
        run_jobs()
        make_room(10)
        actors.asks_first.send(number=2)
        actors.asks.send(number=3)
        run_jobs()
        assert asked(effects) == [] and waiting() == [1, 2, 3]
        assert gates.admit(database) == 3
        run_jobs()
        assert asked(effects) == [1, 2, 3]

    def test_somebody_on_the_line_passes_those_who_wait(self) -> None:
        make_room(-100)
        actors.asks_first.send(number=1)
        run_jobs()
        make_room(5)
        with gates.live(0), GATE.passing():
            pass

    def test_a_granted_request_is_counted_once(self, database: object) -> None:
        make_room(-100)
        actors.asks_first.send(number=1)
        run_jobs()
        make_room(5)
        gates.admit(database)
        before = state().full_at
        run_jobs()
        assert state().full_at == before

    def test_what_has_begun_ends_on_a_part_of_its_own_before_others_begin(
        self, effects: object, database: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_room(-100)
        actors.asks_first.send(number=1, times=2)
        actors.asks_first.send(number=2)
        run_jobs()
        make_room(1.5)
        assert gates.admit(database) == 1
        monkeypatch.setattr(gates, "PATIENCE", 0.0)
        make_room(-0.5)
        run_jobs()
        assert asked(effects) == [1, 1] and waiting() == [2]

    def test_what_has_begun_waits_a_moment_for_its_next_request(
        self, effects: object, database: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("askpro.queues.ledger.gates.time.sleep", let_pass)
        make_room(-100)
        actors.asks_first.send(number=1, times=2)
        run_jobs()
        make_room(1.5)
        gates.admit(database)
        make_room(-5)
        run_jobs()
        assert asked(effects) == [1, 1]

    def test_many_who_wait_are_not_looked_at_again_and_again(self, database: object) -> None:
        make_room(-100)
        for number in range(30):
            actors.asks_first.send(number=number)
        run_jobs()
        for _ in range(10):
            make_room(1.5)
            gates.admit(database)
            run_jobs()
        claims = sum(Job.objects.values_list("claim_no", flat=True))
        assert claims == 30 + 10

    def test_those_whose_turn_does_not_come_hold_up_nobody(self, effects: object, database: object) -> None:
        self._free_with_waiting(gate_sql.AT_ONCE)
        assert gates.admit(database) == gate_sql.AT_ONCE
        # Their queue is paused, say, or long.
        Job.objects.update(status="scheduled")
        self._free_with_waiting(1)
        Job.objects.filter(status="scheduled").update(status="queued")
        assert gates.admit(database) == 0
        moments_ago = timezone.now() - timedelta(seconds=gate_sql.GRANT_FOR)
        Job.objects.filter(status="queued").update(ready_at=moments_ago)
        assert gates.admit(database) == 1

    def test_a_worker_killed_with_a_grant_loses_nothing(self, effects: object, database: object) -> None:
        make_room(-100)
        actors.asks_first.send(number=1)
        run_jobs()
        make_room(5)
        gates.admit(database)
        worker = Worker.objects.create(pool="all", host="here", pid=4711).pk
        assert len(by_age((database, worker, "default", get_broker().actors), 10)) == 1
        recover(database, Death(worker, [], "", "", []))
        run_jobs()
        assert asked(effects) == [1] and Job.objects.get().status == "completed"

    def test_it_looks_for_itself_after_ten_minutes_and_keeps_its_place(self, database: object) -> None:
        make_room(-100)
        for number in range(2):
            actors.asks_first.send(number=number)
        run_jobs()
        wait = Job.objects.first().run_at - Job.objects.first().ready_at
        assert 450 < wait.total_seconds() < 750
        interventions.run_now(Job.objects.filter(kwargs__number=1).first().pk)
        run_jobs()
        assert waiting() == [0, 1]

    def _free_with_waiting(self, count: int) -> None:
        """There is room for all of these jobs, which had come when there was none."""
        make_room(-100)
        for number in range(count):
            actors.asks_first.send(number=number)
        run_jobs()
        make_room(100)


class TestTheBreaker:
    def test_an_outage_shuts_it_at_once_and_no_job_pays_for_it(self, effects: object) -> None:
        for number in range(5):
            answers[number] = OUTAGE
            actors.asks_first.send(number=number)
        run_jobs()
        assert asked(effects) == [0]
        assert set(Job.objects.values_list("status", "tries_spent")) == {("released", 0)}
        assert Job.objects.last().release_reason == "Vendor: connection refused"
        assert Job.objects.first().release_reason == "waits at vendor:test: Vendor: connection refused"

    @pytest.mark.parametrize("error", [Unavailable("answered 503"), Unknown("answered 500")])
    def test_one_request_that_fails_stops_no_other_but_three_in_a_row_are_an_outage(
        self, effects: object, error: Exception
    ) -> None:
        for number in range(5):
            answers[number] = error
            actors.asks_first.send(number=number)
        run_jobs()
        assert asked(effects) == [0, 1, 2]
        assert [*Job.objects.order_by("id").values_list("status", "tries_spent")] == [
            ("retrying", 1),
            ("retrying", 1),
            ("released", 0),
            ("released", 0),
            ("released", 0),
        ]

    def test_an_answer_in_between_starts_the_count_anew(self, effects: object) -> None:
        for number in range(9):
            answers[number] = None if number % 3 == 2 else Unavailable("answered 503")
            actors.asks_first.send(number=number)
        run_jobs()
        assert len(asked(effects)) == 9 and state().shut_until is None

    @pytest.mark.parametrize("error", [Rejected("no"), Gone("gone"), ValueError("ours")])
    def test_a_refusal_never_shuts_it(self, error: Exception) -> None:
        for number in range(9):
            answers[number] = error
            actors.asks_first.send(number=number)
        run_jobs()
        assert (state().shut_until, state().failures) == (None, 0)

    def test_a_failure_that_is_the_requests_own_never_shuts_it(self) -> None:
        gate = replace(FREE, is_own=lambda error: True)
        for _ in range(5):
            with pytest.raises(RateLimited), gate.passing():
                raise RateLimited(30, "the sender's queue is full")
        assert state().shut_until is None

    def test_a_caller_without_patience_says_nothing_about_the_other_side(self) -> None:
        hurried = Unknown("no answer in 0.3 s")
        hurried.is_hurried = True
        for _ in range(2 * gates.MOST_FAILURES):
            with pytest.raises(Unknown), FREE.passing():
                raise hurried
        assert (state().failures, state().shut_until) == (0, None)
        # Who looks whether it can be opened again says so.
        gates._failed(FREE, state().generation, OUTAGE)
        let_pass(10)
        with pytest.raises(Unknown), FREE.passing():
            raise hurried
        assert state().shuts == 2

    def test_the_other_sides_own_pause_holds_for_everybody(self) -> None:
        with pytest.raises(RateLimited), FREE.passing():
            raise RateLimited(300, "too many requests")
        with pytest.raises(GateShut) as shut, FREE.passing():
            pass
        assert 290 < shut.value.after <= 300

    def test_when_it_may_be_over_one_alone_looks_and_its_answer_opens_it(
        self, effects: object, database: object
    ) -> None:
        self._shut_with_waiting(4)
        assert gates.admit(database) == 0
        let_pass(10)
        assert (gates.admit(database), gates.admit(database)) == (1, 0)
        actors.asks_first.send(number=9)
        answers.clear()
        run_jobs()
        assert len(asked(effects)) == 2 and state().shut_until is None
        assert gates.admit(database) == 4
        run_jobs()
        assert not Job.objects.exclude(status="completed").exists()

    @pytest.mark.parametrize("comes", ["new", "looking", "on the line"])
    def test_whoever_comes_first_opens_it_while_the_one_let_through_stands_in_a_queue(
        self, effects: object, database: object, comes: str
    ) -> None:
        self._shut_with_waiting(2)
        answers.clear()
        let_pass(10)
        assert gates.admit(database) == 1
        let_through = Job.objects.filter(status="queued")
        assert let_through.update(status="scheduled") == 1
        if comes == "new":
            actors.asks_first.send(number=9)
        elif comes == "looking":
            interventions.run_now(Job.objects.get(status="released").pk)
        else:
            with gates.live(1), GATE.passing():
                pass
        run_jobs()
        assert state().shut_until is None

    def test_of_those_who_come_when_it_may_be_over_one_alone_looks(self, database: object) -> None:
        self._shut_with_waiting(2)
        let_pass(10)
        assert gates.admit(database) == 1
        with GATE.passing(), pytest.raises(GateShut, match="connection refused"), GATE.passing():
            pass
        assert state().shut_until is None

    def test_the_pauses_grow_to_a_minute_each_with_another_one_who_looks(
        self, effects: object, database: object
    ) -> None:
        self._shut_with_waiting(4)
        pauses = []
        for _ in range(8):
            with connection.cursor() as cursor:
                cursor.execute("SELECT extract(epoch FROM shut_until - clock_timestamp())::float8 FROM queues_gate")
                pauses.append(cursor.fetchone()[0])
            let_pass(80)
            gates.admit(database)
            run_jobs()
        assert all(later > earlier for earlier, later in pairwise(pauses[:4]))
        assert min(pauses[5:]) > 47 and max(pauses) < 73
        assert sorted(asked(effects)) == [0, 0, 0, 1, 1, 2, 2, 3, 3]
        assert set(Job.objects.values_list("tries_spent", flat=True)) == {0}

    def test_one_that_always_fails_keeps_nobody_away(self, effects: object, database: object) -> None:
        self._shut_with_waiting(1)
        for _ in range(3):
            let_pass(80)
            gates.admit(database)
            run_jobs()
        actors.asks_first.send(number=1)
        run_jobs()
        let_pass(80)
        gates.admit(database)
        run_jobs()
        assert asked(effects) == [0, 0, 0, 0, 1]

    def test_a_look_that_never_ends_is_followed_by_another(self, database: object) -> None:
        self._shut_with_waiting(2)
        let_pass(10)
        assert gates.admit(database) == 1
        Job.objects.filter(status="queued").update(status="processing", worker_id=1)
        let_pass(gate_sql.PROBE_FOR + 1)
        assert gates.admit(database) == 1

    def test_an_answer_from_before_opens_nothing_and_failures_from_before_add_nothing(self) -> None:
        with FREE.passing():
            generation, _ = gates._enter(FREE, Urgency.LIVE, None)
        gates._failed(FREE, generation, OUTAGE)
        until = state().shut_until
        gates._answered(FREE, generation, True)
        assert gates._failed(FREE, generation, OUTAGE)
        assert (state().shut_until, state().shuts) == (until, 1)

    def _shut_with_waiting(self, count: int) -> None:
        for number in range(count):
            answers[number] = OUTAGE
            actors.asks_first.send(number=number)
        run_jobs()
        assert state().shut_until is not None


class TestThatSomebodyKnows:
    def test_a_gate_that_is_shut_for_two_minutes_is_one_event_and_so_is_its_end(self) -> None:
        with pytest.raises(Unreached), FREE.passing():
            raise OUTAGE
        assert shut_gates.look() == 0
        let_pass(130)
        assert (shut_gates.look(), shut_gates.look()) == (1, 0)
        with FREE.passing():
            pass
        assert (shut_gates.look(), shut_gates.look()) == (1, 0)
        assert [*FleetEvent.objects.order_by("id").values_list("kind", "about")] == [
            ("gate_shut", GATE.name),
            ("gate_open", GATE.name),
        ]
        text = FleetEvent.objects.earliest("id").text
        assert "has been shut for more than 2 minutes: Vendor: connection refused" in text


class TestPlans:
    def test_who_waits_is_found_by_the_gate(self, database: object) -> None:
        with FREE.passing():
            pass
        messages = [actors.asks.message(number=number) for number in range(3000)]
        actors.asks.broker.send_many(messages, delay=3_600_000)
        database.rows("ANALYZE queues_job")
        shares = {"shares": [1.0] * 4}
        plan = "\n".join(row[0] for row in database.rows("EXPLAIN " + gate_sql.ADMIT, shares))
        assert plan.count("using job_gate on queues_job") == 4 and "Seq Scan on queues_job" not in plan
