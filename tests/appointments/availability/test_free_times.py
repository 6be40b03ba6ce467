"""Free times: what is said, how often Cal.com is asked for it, and what makes an answer old."""

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from django.db import connection

from appointments import availability
from appointments.availability import free_times, slots
from appointments.availability.shelf import shelf
from appointments.calcom.errors import NotFound
from appointments.models import Appointment
from appointments.tasks import create_appointment_from_call, sync_calcom_data
from askpro import gates as vendors
from askpro.queues.errors import GateShut, JobError, Rejected, Unavailable
from askpro.queues.ledger import gates
from calls.models import Service
from tests.appointments.calcom_stub import CalcomStub, error, no_connection, webhook
from tests.appointments.news import receive
from tests.appointments.salon import EVENT_TYPE, NOW, branch, call, company, customer, request, service

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

SLOTS = "GET /v2/slots"
MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
THURSDAY, FRIDAY, SATURDAY = (MONDAY + timedelta(days=days) for days in (3, 4, 5))
NEXT_MONDAY, LATER = MONDAY + timedelta(days=7), MONDAY + timedelta(weeks=4)

OnCommit = Callable[..., Any]


@pytest.fixture
def haircut(calendar: CalcomStub) -> Service:
    calendar.free = ["2026-12-03T14:00:00.000+01:00", "2026-12-03T15:00:00.000+01:00", "2026-12-04T09:00:00.000+01:00"]
    return service(company())


@pytest.fixture
def until_all_wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], bool]:
    """Lets the one who asks Cal.com wait until this number of others wait for the answer."""
    waiting: set[int] = set()
    may_wait = slots._may_wait

    def count() -> bool:
        waiting.add(threading.get_ident())
        return may_wait()

    def until(number: int) -> bool:
        for _ in range(1000):
            if len(waiting) >= number:
                return True
            time.sleep(0.01)
        raise AssertionError(f"{len(waiting)} wait")

    monkeypatch.setattr(slots, "_may_wait", count)
    return until


def at(hour: int, day: datetime = THURSDAY) -> datetime:
    return day + timedelta(hours=hour)


def thursdays(of: Service, **values: Any) -> list[datetime]:
    return free_times(of, THURSDAY, FRIDAY, **values)


def test_it_says_calcoms_starts_in_utc_from_the_first_moment_until_before_the_last(haircut: Service) -> None:
    assert thursdays(haircut) == [at(13), at(14)]
    assert free_times(haircut, at(13), at(14)) == [at(13)]
    assert free_times(haircut, at(14), at(8, FRIDAY)) == [at(14)]
    assert free_times(haircut, SATURDAY, NEXT_MONDAY) == []


def test_it_leaves_out_what_is_over_or_comes_too_soon(haircut: Service, calendar: CalcomStub) -> None:
    calendar.free = [(NOW + timedelta(minutes=minutes)).isoformat() for minutes in (-5, 30, 59, 60, 90)]
    haircut.minimum_notice_minutes = 60
    assert free_times(haircut, MONDAY, FRIDAY) == [NOW + timedelta(minutes=60), NOW + timedelta(minutes=90)]
    assert free_times(haircut, MONDAY, NOW) == []


def test_it_asks_once_in_a_minute_and_for_four_weeks(
    haircut: Service, calendar: CalcomStub, each_store: str, clock: Any
) -> None:
    assert thursdays(haircut) == thursdays(haircut) == [at(13), at(14)]
    assert free_times(haircut, FRIDAY, SATURDAY) == [at(8, FRIDAY)]
    assert calendar.asked(SLOTS) == 1
    clock.shift(timedelta(seconds=slots.FRESH_FOR - 1))
    thursdays(haircut)
    assert calendar.asked(SLOTS) == 1
    clock.shift(timedelta(seconds=1))
    thursdays(haircut)
    assert calendar.asked(SLOTS) == 2
    free_times(haircut, NEXT_MONDAY, LATER)
    assert calendar.asked(SLOTS) == 2
    free_times(haircut, LATER, LATER + timedelta(days=1))
    assert calendar.asked(SLOTS) == 3


def test_it_asks_for_no_moment_that_is_over_and_for_each_event_type(haircut: Service, calendar: CalcomStub) -> None:
    thursdays(haircut)
    _, _, query = calendar.requests[-1]
    assert query == {
        "eventTypeId": "2207",
        "start": "2026-11-30T10:00:00Z",
        "end": "2026-12-28T00:00:00Z",
    }
    thursdays(service(haircut.company, 2208, name="Farbe"))
    assert [query["eventTypeId"] for _, _, query in calendar.requests] == ["2207", "2208"]


@pytest.mark.django_db(transaction=True)
def test_ten_callers_at_once_cause_one_request(
    haircut: Service, calendar: CalcomStub, each_store: str, until_all_wait: Callable[[int], bool]
) -> None:
    calendar.fail(SLOTS, lambda: (until_all_wait(9), calendar._do(SLOTS, {}))[1])
    assert at_once(10, lambda: thursdays(haircut)) == [[at(13), at(14)]] * 10
    assert calendar.asked(SLOTS) == 1


def test_who_finds_an_answer_that_came_just_before_asks_no_more(haircut: Service, calendar: CalcomStub) -> None:
    thursdays(haircut)
    question = slots._Question(haircut.company, EVENT_TYPE, None, [THURSDAY.date()])
    assert question._ask(shelf().version(f"{haircut.company_id}:version"), "flight").starts == [at(13), at(14)]
    assert calendar.asked(SLOTS) == 1


@pytest.mark.django_db(transaction=True)
def test_callers_who_wait_for_a_question_that_fails_do_not_ask_it_again(
    haircut: Service, calendar: CalcomStub, each_store: str, until_all_wait: Callable[[int], bool]
) -> None:
    calendar.away = lambda: (until_all_wait(9), error("500")())[1]
    assert at_once(10, lambda: thursdays(haircut)) == [Unavailable] * 10
    assert calendar.asked(SLOTS) == 1


def test_a_flush_makes_all_of_one_company_old_and_nothing_of_another(
    haircut: Service, calendar: CalcomStub, each_store: str, django_capture_on_commit_callbacks: OnCommit
) -> None:
    farbe = service(haircut.company, 2208, name="Farbe")
    others = service(company("salon-esche", calcom_api_key="cal_test_esche"), 2209)
    for each in (haircut, farbe, others):
        thursdays(each)
    with django_capture_on_commit_callbacks(execute=True):
        availability.flush(haircut.company_id)
        thursdays(haircut)
        assert calendar.asked(SLOTS) == 3, "what is not committed may still be rolled back"
    for each in (haircut, farbe, others):
        thursdays(each)
    assert [query["eventTypeId"] for _, _, query in calendar.requests[3:]] == ["2207", "2208"]


def test_what_was_just_heard_is_enough_for_who_says_so(
    haircut: Service, calendar: CalcomStub, each_store: str, clock: Any, django_capture_on_commit_callbacks: OnCommit
) -> None:
    found = thursdays(haircut)
    with django_capture_on_commit_callbacks(execute=True):
        availability.flush(haircut.company_id)
    assert thursdays(haircut, as_just_heard=True) == found
    assert calendar.asked(SLOTS) == 1
    clock.shift(slots.JUST_NOW)
    thursdays(haircut, as_just_heard=True)
    assert calendar.asked(SLOTS) == 2


def test_an_answer_that_was_on_its_way_when_it_was_flushed_is_not_kept(
    haircut: Service, calendar: CalcomStub, each_store: str
) -> None:
    def booked_meanwhile() -> Any:
        answer = calendar._do(SLOTS, {})
        calendar.free.pop(0)
        shelf().raise_version(f"{haircut.company_id}:version")
        return answer

    calendar.fail(SLOTS, booked_meanwhile)
    assert thursdays(haircut) == [at(13), at(14)]
    assert thursdays(haircut) == [at(14)]


@pytest.mark.django_db(transaction=True)
def test_who_has_waited_for_an_answer_takes_it_without_what_was_booked_meanwhile(
    haircut: Service, calendar: CalcomStub, each_store: str, until_all_wait: Callable[[int], bool]
) -> None:
    def booked_meanwhile() -> Any:
        answer = calendar._do(SLOTS, {})
        until_all_wait(4)
        Appointment.objects.create(
            company=haircut.company,
            service=haircut,
            starts_at=at(13),
            ends_at=at(14),
            status="confirmed",
            calcom_uid="uid-meanwhile",
        )
        availability.flush(haircut.company_id)
        return answer

    calendar.fail(SLOTS, booked_meanwhile)
    told = at_once(5, lambda: thursdays(haircut))
    assert calendar.asked(SLOTS) == 1
    # Who asked takes Cal.com's word.
    assert sorted(told) == [[at(13), at(14)]] + 4 * [[at(14)]]


def test_our_own_booking_a_webhook_and_a_sync_flush(
    haircut: Service, calendar: CalcomStub, django_capture_on_commit_callbacks: OnCommit
) -> None:
    def asks_again() -> bool:
        before = calendar.asked(SLOTS)
        thursdays(haircut)
        return calendar.asked(SLOTS) > before

    here = branch(haircut.company)
    wish = request(call(here, customer(here.company)))
    assert asks_again() and not asks_again()
    with django_capture_on_commit_callbacks(execute=True):
        create_appointment_from_call(call_id=wish.call_id)
    assert asks_again() and not asks_again()
    with django_capture_on_commit_callbacks(execute=True):
        receive(webhook(calendar.bookings[0], "BOOKING_CANCELLED", "2026-11-30T10:00:05.000Z"))
    assert asks_again() and not asks_again()
    calendar.bookings.clear()
    with django_capture_on_commit_callbacks(execute=True):
        sync_calcom_data(company_id=haircut.company_id)
    assert asks_again() and not asks_again()


def test_the_last_answer_counts_for_ten_minutes_while_calcom_is_away(
    haircut: Service, calendar: CalcomStub, each_store: str, clock: Any
) -> None:
    thursdays(haircut)
    calendar.away = no_connection
    shelf().raise_version(f"{haircut.company_id}:version")
    clock.shift(timedelta(seconds=slots.LAST_FOR - 1))
    assert thursdays(haircut) == [at(13), at(14)]
    with pytest.raises(JobError):
        free_times(haircut, LATER, LATER + timedelta(days=1))
    clock.shift(timedelta(seconds=1))
    with pytest.raises(JobError):
        thursdays(haircut)


def test_a_time_that_calcom_has_refused_is_not_in_the_last_answer(
    haircut: Service, calendar: CalcomStub, each_store: str, django_capture_on_commit_callbacks: OnCommit, clock: Any
) -> None:
    def refuse(start: datetime) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            availability.note_gone(haircut.company, EVENT_TYPE, start)

    thursdays(haircut)
    refuse(at(14))
    assert thursdays(haircut) == [at(13), at(14)], "Cal.com is asked again, and says that it is free after all"
    refuse(at(14))
    calendar.away = no_connection
    assert thursdays(haircut) == [at(13)]
    refuse(at(13))
    assert thursdays(haircut) == []
    assert free_times(haircut, FRIDAY, SATURDAY) == [at(8, FRIDAY)]


@pytest.mark.parametrize("has_asked_before", [True, False])
def test_a_caller_does_not_wait_for_the_limit_when_there_is_a_last_answer(
    haircut: Service, calendar: CalcomStub, settings: Any, clock: Any, has_asked_before: bool
) -> None:
    settings.CALCOM_REQUESTS_PER_MINUTE = 600
    if has_asked_before:
        thursdays(haircut)
        clock.shift(timedelta(minutes=2))
    gate = vendors.calcom(haircut.company.calcom_api_key)
    with contextlib.suppress(GateShut):
        while True:
            with gates.live(0.0), gate.passing():
                pass
    assert thursdays(haircut, patience=3.0) == [at(13), at(14)]
    assert calendar.asked(SLOTS) == 1


def test_incident_10_questions_keep_to_the_limit_and_leave_a_part_of_it_to_callers(
    haircut: Service, calendar: CalcomStub, settings: Any
) -> None:
    settings.CALCOM_REQUESTS_PER_MINUTE = 60
    refused = 0
    for month in range(30):
        try:
            free_times(haircut, THURSDAY + month * slots.SPAN, FRIDAY + month * slots.SPAN)
        except GateShut:
            refused += 1
    assert (calendar.asked(SLOTS), refused) == (14, 16)
    assert free_times(haircut, THURSDAY + 40 * slots.SPAN, FRIDAY + 40 * slots.SPAN, patience=1.0) == []
    assert calendar.asked(SLOTS) == 15


def test_it_says_what_nobody_can_answer(haircut: Service, calendar: CalcomStub) -> None:
    calendar.fail(SLOTS, error("404.event_type"))
    with pytest.raises(NotFound):
        thursdays(haircut)
    assert thursdays(haircut), "a refusal is not kept"
    haircut.calcom_event_type_id = None
    with pytest.raises(Rejected):
        thursdays(haircut)


def test_it_works_while_redis_is_away(haircut: Service, calendar: CalcomStub, settings: Any, new_shelf: None) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert thursdays(haircut) == thursdays(haircut) == [at(13), at(14)]
    assert calendar.asked(SLOTS) == 1


def test_redis_holds_numbers_only(haircut: Service, settings: Any, new_shelf: None) -> None:
    if not settings.REDIS_URL:
        pytest.skip("there is no Redis")
    settings.REDIS_KEY_PREFIX = "askpro-numbers"
    thursdays(haircut)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        kept = {key: client.get(key) for key in client.scan_iter("askpro-numbers:*")}
        client.delete(*kept)
    assert len(kept) == 1 + 28 * 2
    assert all(set(value or b"") <= set(b"0123456789[], ") for value in kept.values())
    assert all(key.startswith(b"askpro-numbers:free:") for key in kept)


def at_once(count: int, ask: Callable[[], list[datetime]]) -> list[Any]:
    """What as many threads are answered that ask at the same time; of a failure its class."""
    answers: list[Any] = []
    start = threading.Barrier(count)

    def run() -> None:
        try:
            start.wait(5)
            answers.append(ask())
        except JobError as failure:
            answers.append(type(failure))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return answers
