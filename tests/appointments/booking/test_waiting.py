"""Bookings that wait for Cal.com spend no try, a person is told in time, and all are booked once it answers."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from appointments import sweepers
from appointments.booking import waiting
from appointments.models import Appointment, FollowUp
from appointments.tasks import (
    clear_reservation,
    create_appointment_from_call,
    create_appointment_from_request,
    sync_calcom_data,
)
from askpro import gates as vendors
from askpro.queues import chain
from askpro.queues.chores import promotion
from askpro.queues.errors import Urgency
from askpro.queues.ledger import gates
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.models import Attempt, Job
from askpro.queues.testing import run_jobs
from calls.models import BookingRequest, Company
from calls.tasks import identify_customer
from tests.appointments.calcom_stub import CalcomStub, error, no_connection, timeout
from tests.appointments.salon import NOW, WISH, branch, call, company, customer, request, service, wished
from tests.gates import let_pass
from tests.queues import actors

# The engine's own connection admits, so rows are really written.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]

CREATE = "POST /v2/bookings"
TWO_MINUTES = 120


@pytest.fixture
def database() -> Any:
    engine = EngineConnection()
    yield engine
    engine.close()


class Day:
    """A day in steps: time passes for rows, gates and the code; chores and workers do what is then due."""

    def __init__(self, clock: Any, database: EngineConnection, calendar: CalcomStub) -> None:
        self.clock, self.database, self.calendar = clock, database, calendar
        self.seconds = 0.0
        # The times at which requests reached Cal.com.
        self.asked_at: list[float] = []
        # By request, when a person was told of it or it was booked.
        self.known_after: dict[int, float] = {}

    def live(self, seconds: float, step: float = 30.0) -> None:
        """After two minutes the sweeper runs every five minutes only, since all that it does has happened by then."""
        end = self.seconds + seconds
        self._work()
        while self.seconds < end:
            self.seconds += step
            let_pass(step)
            self.clock.shift(step)
            Job.objects.filter(run_at__isnull=False).update(run_at=F("run_at") - timedelta(seconds=step))
            promotion.promote(self.database)
            gates.admit(self.database)
            self._work()

    def _work(self) -> None:
        run_jobs()
        if self.seconds % (30 if self.seconds <= TWO_MINUTES else 300) == 0:
            waiting.end_waiting()
            waiting.tell_of_waiting()
        self.asked_at += [self.seconds] * (len(self.calendar.requests) - len(self.asked_at))
        told = FollowUp.objects.values_list("booking_request", flat=True)
        booked = BookingRequest.objects.filter(status="booked").values_list("pk", flat=True)
        for pk in {*told, *booked} - {*self.known_after}:
            self.known_after[pk] = self.seconds

    def most_asked_in_a_minute(self) -> int:
        return max(sum(at <= other < at + 60 for other in self.asked_at) for at in self.asked_at)


@pytest.fixture
def day(clock: Any, database: EngineConnection, calendar: CalcomStub, monkeypatch: pytest.MonkeyPatch) -> Day:
    # A job that waits in its worker for its next request.
    monkeypatch.setattr("askpro.queues.ledger.gates.time.sleep", let_pass)
    return Day(clock, database, calendar)


def callers(day: Day, count: int, of: Company | None = None) -> list[BookingRequest]:
    """`count` people who have just called, each about a different time."""
    at = branch(of or company())
    service(at.company)
    wishes = []
    for number in range(count):
        caller = customer(at.company, f"+49155501{number:05d}")
        wish = request(call(at, caller, f"call_{at.pk}_{number}"), starts_at=WISH + timedelta(hours=number))
        # Ids are in the order of time, which does not pass by itself here.
        day.clock.shift(timedelta(milliseconds=1))
        create_appointment_from_call.send(call_id=wish.call_id)
        wishes.append(wish)
    return wishes


def statuses() -> set[str]:
    return set(BookingRequest.objects.values_list("status", flat=True))


def bookers() -> Any:
    return Job.objects.filter(actor_name="create_appointment_from_call")


def too_many() -> tuple[int, dict[str, str], str]:
    """A block that names no pause."""
    return 429, {}, "{}"


class TestAnOutage:
    @pytest.mark.parametrize("fault", [no_connection, timeout, error("500")], ids=["unreached", "silent", "failing"])
    def test_eight_minutes_of_it_kill_no_booking_and_all_are_made_after_it_in_order(self, day: Day, fault: Any) -> None:
        wishes = callers(day, 4)
        day.calendar.away = fault
        day.live(8 * 60)
        assert not Job.objects.filter(status="dead").exists()
        assert sum(bookers().values_list("tries_spent", flat=True)) <= gates.MOST_FAILURES - 1
        assert len(day.asked_at) < 8 * 60 / gates.LONGEST_PAUSE * 2 + 8
        assert set(FollowUp.objects.values_list("reason", "status")) == {("provider_down", "open")}
        day.calendar.away = None
        day.live(3 * 60)
        assert statuses() == {"booked"}
        assert set(FollowUp.objects.values_list("status", flat=True)) == {"obsolete"}
        assert len(day.calendar.bookings) == len(wishes)
        assert max(day.known_after.values()) <= TWO_MINUTES

    @pytest.mark.parametrize("hours", [0.2, pytest.param(5, marks=pytest.mark.long)])
    def test_hours_of_too_many_requests_are_a_few_requests_and_everybody_is_told(self, day: Day, hours: float) -> None:
        callers(day, 3)
        day.calendar.away = too_many
        day.live(hours * 3600)
        assert len(day.asked_at) <= hours * 3600 / (gates.LONGEST_PAUSE * 0.8) + 8
        assert max(day.known_after.values()) <= TWO_MINUTES
        assert len(day.known_after) == 3
        assert set(Job.objects.values_list("tries_spent", flat=True)) == {0}
        assert not Attempt.objects.filter(outcome="failed").exists()
        day.calendar.away = None
        day.live(120)
        assert statuses() == {"booked"}

    def test_one_companys_key_leaves_anothers_alone(self, day: Day, settings: Any) -> None:
        mine, other = (company(slug, calcom_api_key=f"cal_test_{slug}") for slug in ("one", "two"))
        with pytest.raises(Exception), vendors.calcom(mine.calcom_api_key).passing():  # noqa: B017 - whatever it is
            raise actors.RateLimited(600)
        callers(day, 1, of=mine)
        wish = BookingRequest.objects.create(
            company=other,
            branch=branch(other),
            starts_at=WISH,
            service=service(other, event_type=2208),
            name="Ole Linde",
        )
        create_appointment_from_request.send(request_id=wish.pk)
        day.live(10)
        wish.refresh_from_db()
        assert wish.status == "booked"
        assert statuses() == {"booked", "open"}

    def test_companies_that_share_the_installations_key_share_its_gate(self, settings: Any) -> None:
        settings.CALCOM_API_KEY = "cal_test_shared"
        assert vendors.calcom("cal_test_shared") == vendors.calcom(settings.CALCOM_API_KEY)
        assert "cal_test" not in vendors.calcom("cal_test_shared").name


class TestTheLimit:
    @pytest.mark.parametrize(
        ("count", "limit"), [(12, 10), pytest.param(400, 120, marks=pytest.mark.long)], ids=["some", "all"]
    )
    def test_each_of_many_callers_has_an_appointment_or_a_follow_up_in_two_minutes_and_all_are_booked(
        self, day: Day, settings: Any, count: int, limit: int
    ) -> None:
        settings.CALCOM_REQUESTS_PER_MINUTE = limit
        wishes = callers(day, count)
        day.live(TWO_MINUTES, step=15)
        assert len(day.known_after) == count
        day.live(count / limit * 120, step=15)
        assert statuses() == {"booked"}
        assert day.most_asked_in_a_minute() <= limit
        # A booking that was never asked for is not looked for.
        assert len(day.asked_at) == count
        assert set(FollowUp.objects.values_list("status", flat=True)) == {"obsolete"}
        booked = [booking["metadata"]["askpro_booking_key"] for booking in day.calendar.bookings]
        assert booked == [str(wish.booking_key) for wish in wishes]

    def test_a_sync_waits_while_bookings_need_what_is_left(self, day: Day, settings: Any) -> None:
        settings.CALCOM_REQUESTS_PER_MINUTE = 60
        (wish,) = callers(day, 1)
        gate = vendors.calcom(wish.company.calcom_api_key)
        for _ in range(round(gate.burst * gates.SHARES[Urgency.USUAL])):
            with gate.passing():
                pass
        sync_calcom_data.send(company_id=wish.company_id)
        run_jobs()
        assert statuses() == {"booked"}
        assert Job.objects.get(actor_name="sync_calcom_data").release_reason.endswith("its limit is used up")
        # The next one that is due does not wait as well.
        sync_calcom_data.send(company_id=wish.company_id)
        assert Job.objects.filter(actor_name="sync_calcom_data").count() == 1


class TestTheEndOfTheWait:
    def _waiting(self, day: Day, **values: Any) -> BookingRequest:
        wish = wished(**values)
        wish.company.services.update(minimum_notice_minutes=40)
        chain([step.message(call_id=wish.call_id) for step in (create_appointment_from_call, actors.tagged)]).send()
        day.calendar.away = no_connection
        day.live(120)
        return wish

    def test_it_ends_before_the_notice_of_the_wished_time_and_what_follows_goes_on(self, day: Day) -> None:
        self._waiting(day, starts_at=NOW + timedelta(minutes=50))
        day.live(3 * 60)
        assert statuses() == {"open"}
        day.live(8 * 60)
        assert statuses() == {"follow_up"}
        assert set(FollowUp.objects.values_list("reason", "status")) == {
            ("provider_down", "obsolete"),
            ("too_soon", "open"),
        }
        assert Appointment.objects.get().status == "cancelled"
        assert bookers().get().status == "completed"
        assert Job.objects.get(actor_name="tagged").status == "completed"

    def test_it_ends_although_nobody_works_the_queues(self, day: Day, clock: Any) -> None:
        self._waiting(day, starts_at=NOW + timedelta(hours=1))
        clock.shift(timedelta(minutes=18))
        assert waiting.end_waiting() == 1
        assert statuses() == {"follow_up"}

    def test_what_may_have_reached_cal_com_is_looked_for_before_it_is_let_go(self, day: Day, clock: Any) -> None:
        wish = wished(starts_at=NOW + timedelta(hours=1))
        minutes = wish.company.services.get().minimum_notice_minutes
        create_appointment_from_call.send(call_id=wish.call_id)
        day.calendar.fail(CREATE, timeout, after_effect=True)
        day.calendar.fail("GET /v2/bookings", no_connection)
        run_jobs()
        day.calendar.away = no_connection
        clock.shift(timedelta(minutes=59, seconds=30) - timedelta(minutes=minutes))
        assert waiting.end_waiting() == 1
        assert Appointment.objects.get().status == "requested"
        clock.shift(timedelta(minutes=6))
        sweepers.sweep()
        assert Job.objects.filter(actor_name=clear_reservation.actor_name).exists()


class TestWhoIsTold:
    def test_nobody_is_bothered_before_it_takes_long(self, day: Day) -> None:
        callers(day, 1)
        day.calendar.away = no_connection
        day.live(60)
        assert not FollowUp.objects.exists()

    def test_it_says_whether_cal_com_is_away_or_it_only_takes_long(self, day: Day, settings: Any) -> None:
        callers(day, 2)
        Job.objects.filter(pk=bookers().first().pk).update(status="completed")
        day.clock.shift(waiting.TOLD_AFTER + timedelta(seconds=1))
        assert waiting.tell_of_waiting() == 1
        assert FollowUp.objects.get().detail == "takes_long"

    def test_one_that_a_person_knows_of_is_not_told_again(self, day: Day) -> None:
        callers(day, 1)
        day.calendar.away = no_connection
        day.live(240)
        assert FollowUp.objects.get().detail == "no_answer"


def test_a_person_is_told_of_a_request_whose_chain_waits_before_its_booking(clock: Any) -> None:
    wish = wished()
    steps = (identify_customer, create_appointment_from_call)
    chain([step.message(call_id=wish.call_id) for step in steps]).send()
    clock.shift(TWO_MINUTES)
    waiting.tell_of_waiting()
    assert FollowUp.objects.get().reason == "provider_down"
    clock.move_to(WISH - timedelta(minutes=1))
    waiting.end_waiting()
    assert FollowUp.objects.get(status="open").reason == "too_soon"
    run_jobs()
    assert statuses() == {"follow_up"}
