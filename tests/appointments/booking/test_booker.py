"""The booking job against a Cal.com that misbehaves; docs/incidents.md tells where the numbers come from."""

import contextlib
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest

from appointments.booking import booker
from appointments.models import Appointment, FollowUp
from appointments.tasks import cancel_surplus_bookings, create_appointment_from_call
from askpro.one_by_one import gravest
from askpro.queues.errors import (
    GateShut,
    Gone,
    JobError,
    Parking,
    RateLimited,
    Rejected,
    Release,
    Unavailable,
    Unknown,
    Urgency,
)
from calls.models import BookingRequest
from notifications.models import Notification
from tests.appointments.calcom_stub import CalcomStub, error, killed, no_connection, timeout
from tests.appointments.salon import HOST, NOW, WISH, branch, call, company, customer, request, service, staff, wished
from tests.gates import let_pass

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

CREATE, LIST = "POST /v2/bookings", "GET /v2/bookings"


def run(wish: BookingRequest) -> None:
    create_appointment_from_call(call_id=wish.call_id)


def test_it_books_confirms_and_settles_the_call_when_the_slot_is_free(calendar: CalcomStub) -> None:
    wish = wished()
    run(wish)
    appointment = Appointment.objects.get()
    assert (appointment.status, appointment.sync_status) == ("confirmed", "synced")
    assert appointment.calcom_uid == calendar.bookings[0]["uid"]
    assert appointment.calcom_booking_id == calendar.bookings[0]["id"]
    assert appointment.staff is not None and appointment.staff.calcom_user_id == HOST
    wish.refresh_from_db()
    assert (wish.status, wish.call.outcome) == ("booked", "booked")
    assert told(appointment) == {("confirmation", 1)}
    assert not FollowUp.objects.exists()


def test_it_sends_our_marks_the_callers_language_and_a_utc_start(calendar: CalcomStub) -> None:
    wish = wished()
    run(wish)
    _, _, body = calendar.requests[0]
    appointment = Appointment.objects.get()
    assert body["start"] == "2026-12-03T13:00:00Z"
    assert body["metadata"] == {
        "askpro_booking_key": str(wish.booking_key),
        "askpro_appointment_id": str(appointment.pk),
    }
    attendee = body["attendee"]
    assert (attendee["language"], attendee["timeZone"], attendee["name"]) == ("de", "Europe/Berlin", "Ole Linde")
    assert attendee["phoneNumber"] == "+4915550100456"


def test_incident_01_each_customer_without_an_address_gets_one_of_their_own(calendar: CalcomStub) -> None:
    at = branch(company())
    service(at.company)
    for number, caller in enumerate([customer(at.company), customer(at.company, "+4915550100457")]):
        wish = request(call(at, caller, f"call_{number}"), starts_at=WISH + timedelta(hours=number))
        run(wish)
    first, second = (body["attendee"]["email"] for _, _, body in calendar.requests)
    assert first != second
    assert first.endswith("@kunden.askpro.example")
    assert not Appointment.objects.exclude(attendee_email="").exists()


def test_it_uses_the_spoken_address_when_it_is_valid(calendar: CalcomStub) -> None:
    run(wished(email="ole.linde@example.org"))
    assert calendar.requests[0][2]["attendee"]["email"] == "ole.linde@example.org"
    assert Appointment.objects.get().attendee_email == "ole.linde@example.org"


def test_scenario_02_it_finds_its_booking_when_the_answer_was_lost_after_success(calendar: CalcomStub) -> None:
    calendar.fail(CREATE, timeout, after_effect=True)
    run(wished())
    assert Appointment.objects.get().status == "confirmed"
    assert (len(calendar.bookings), calendar.asked(CREATE)) == (1, 1)


def test_incident_07_who_was_killed_leaves_no_mark_that_stops_the_next_try(calendar: CalcomStub) -> None:
    wish = wished()
    with mock.patch.object(booker, "mirror", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        run(wish)
    assert Appointment.objects.get().sync_status == "unknown"
    run(wish)
    assert Appointment.objects.get().status == "confirmed"
    assert (len(calendar.bookings), calendar.asked(CREATE)) == (1, 1)
    assert told(Appointment.objects.get()) == {("confirmation", 1)}


def test_it_books_once_when_killed_between_reserving_and_calling(calendar: CalcomStub, clock: Any) -> None:
    wish = wished()
    killed = mock.patch.object(booker.calcom, "for_company", side_effect=KeyboardInterrupt)
    with killed, pytest.raises(KeyboardInterrupt):
        run(wish)
    clock.shift(booker.JUDGED_AFTER)
    run(wish)
    assert Appointment.objects.get().status == "confirmed"
    assert len(calendar.bookings) == 1


def test_it_waits_for_the_request_of_a_killed_process_instead_of_booking_twice(
    calendar: CalcomStub, clock: Any
) -> None:
    wish = wished()
    calendar.fail(CREATE, killed)
    with pytest.raises(KeyboardInterrupt):
        run(wish)
    with pytest.raises(Release) as waits:
        run(wish)
    assert 0 < waits.value.after <= booker.JUDGED_AFTER.total_seconds()
    calendar.carry_out_late()
    run(wish)
    assert Appointment.objects.get().status == "confirmed"
    assert (calendar.asked(CREATE), len(calendar.bookings)) == (1, 1)


def test_incident_07_it_asks_again_when_the_request_of_a_killed_process_came_to_nothing(
    calendar: CalcomStub, clock: Any
) -> None:
    wish = wished()
    calendar.fail(CREATE, killed)
    with pytest.raises(KeyboardInterrupt):
        run(wish)
    clock.shift(booker.JUDGED_AFTER)
    run(wish)
    assert (calendar.asked(CREATE), len(calendar.bookings)) == (2, 1)


@pytest.mark.parametrize(
    ("fault", "raised"), [(error("429"), RateLimited), (no_connection, Unavailable)], ids=["throttled", "unconnected"]
)
def test_it_need_not_wait_for_what_never_reached_cal_com(calendar: CalcomStub, fault: Any, raised: Any) -> None:
    wish = wished()
    calendar.fail(CREATE, fault)
    with pytest.raises(raised):
        run(wish)
    let_pass(80)
    run(wish)
    assert Appointment.objects.get().status == "confirmed"


def test_it_books_the_other_request_while_one_may_be_on_its_way(calendar: CalcomStub) -> None:
    wish = wished()
    calendar.fail(CREATE, killed)
    with pytest.raises(KeyboardInterrupt):
        run(wish)
    other = request(wish.call, ordinal=2, starts_at=WISH + timedelta(days=1))
    with pytest.raises(Release):
        run(wish)
    other.refresh_from_db()
    assert other.status == "booked"


def test_incident_05_it_does_nothing_more_when_run_again_after_success(calendar: CalcomStub) -> None:
    wish = wished()
    run(wish)
    asked = len(calendar.requests)
    run(wish)
    assert len(calendar.requests) == asked
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize("fault", ["500", "409.conflict", "400.slot_unavailable"])
def test_incident_08_a_refusal_may_mean_its_own_booking(calendar: CalcomStub, fault: str) -> None:
    calendar.fail(CREATE, error(fault), after_effect=True)
    run(wished())
    assert Appointment.objects.get().status == "confirmed"
    assert len(calendar.bookings) == 1


def test_incident_02_it_leaves_alternatives_and_a_deadline_when_the_slot_is_gone(calendar: CalcomStub) -> None:
    calendar.taken.add("2026-12-03T13:00:00Z")
    calendar.free = ["2026-12-03T14:30:00.000+01:00", "2026-12-03T18:00:00.000+01:00", "2026-12-04T09:00:00.000+01:00"]
    wish = wished()
    run(wish)
    follow_up = FollowUp.objects.get()
    assert follow_up.reason == "slot_gone"
    assert follow_up.alternatives == ["2026-12-03T13:30:00+00:00", "2026-12-04T08:00:00+00:00"]
    assert follow_up.due_at == NOW + timedelta(hours=2)
    assert follow_up.words == "Haare schneiden, am Donnerstag, 14 Uhr"
    wish.refresh_from_db()
    assert (wish.status, wish.call.outcome) == ("follow_up", "follow_up")
    assert Appointment.objects.get().status == "cancelled"
    assert not Notification.objects.filter(appointment__isnull=False).exclude(kind="staff").exists()


def test_incident_04_two_callers_never_hold_the_same_person_at_one_time(calendar: CalcomStub) -> None:
    wish = wished()
    wish.staff = wish.company.staff.get()
    wish.save()
    Appointment.objects.create(
        company=wish.company,
        staff=wish.staff,
        starts_at=WISH + timedelta(minutes=30),
        ends_at=WISH + timedelta(hours=1),
    )
    run(wish)
    assert FollowUp.objects.get().reason == "slot_gone"
    assert calendar.asked(CREATE) == 0


def test_it_opens_the_follow_up_without_alternatives_when_slots_cannot_be_read(calendar: CalcomStub) -> None:
    calendar.taken.add("2026-12-03T13:00:00Z")
    calendar.fail("GET /v2/slots", error("500"))
    run(wished())
    assert FollowUp.objects.get().alternatives == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"unclear": "window_only", "starts_at": None}, "unclear"),
        ({"unclear": "no_time", "starts_at": None}, "incomplete"),
        ({"unclear": "past_date", "starts_at": None}, "too_soon"),
        ({"unclear": "of_next_year", "starts_at": None}, "unclear"),
        ({"unclear": "callback", "starts_at": None, "service": None}, "callback"),
        ({"unclear": "ambiguous_service"}, "unknown_service"),
        ({"unclear": "unknown_staff"}, "unknown_staff"),
        ({"starts_at": None}, "incomplete"),
        ({"service": None}, "unknown_service"),
        ({"starts_at": NOW - timedelta(hours=1)}, "too_soon"),
        ({"starts_at": NOW + timedelta(minutes=59)}, "too_soon"),
        ({"starts_at": NOW + timedelta(days=370)}, "unclear"),
    ],
)
def test_incident_21_it_asks_a_person_and_never_cal_com_when(
    calendar: CalcomStub, values: dict[str, Any], reason: str
) -> None:
    wish = wished(**values)
    run(wish)
    assert FollowUp.objects.get().reason == reason
    wish.refresh_from_db()
    assert (wish.status, wish.call.outcome) == ("follow_up", "follow_up")
    assert calendar.requests == []
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    "fault", ["400.past", "400.out_of_bounds", "400.booker_limit", "400.missing_field", "400.validation", "403"]
)
def test_it_asks_a_person_when_cal_com_refuses_for_good(calendar: CalcomStub, fault: str) -> None:
    calendar.fail(CREATE, error(fault))
    run(wished())
    assert FollowUp.objects.get().reason == "refused"
    assert calendar.asked(CREATE) == 1


def test_incident_08_another_time_than_asked_is_cancelled_there_and_a_person_asked(calendar: CalcomStub) -> None:
    calendar.shift = timedelta(minutes=30)
    run(wished())
    assert FollowUp.objects.get().reason == "mismatch"
    appointment = Appointment.objects.get()
    assert appointment.status == "cancelled"
    cancel_surplus_bookings(appointment_id=appointment.pk)
    assert calendar.bookings[0]["status"] == "cancelled"


def test_incident_01_it_never_touches_a_foreign_booking_that_cal_com_answers_with(calendar: CalcomStub) -> None:
    foreign = calendar.book("2026-12-03T13:00:00+00:00", metadata={"askpro_booking_key": "other"})
    calendar.taken.add("2026-12-03T13:00:00Z")
    body = {"status": "success", "data": foreign}
    calendar.fail(CREATE, lambda: (201, {}, __import__("json").dumps(body)))
    run(wished())
    assert foreign["status"] == "accepted"
    assert FollowUp.objects.get().reason == "mismatch"
    assert Appointment.objects.get().calcom_uid is None


def test_incident_30_nothing_is_confirmed_before_the_host_says_yes(calendar: CalcomStub) -> None:
    calendar.status = "pending"
    wish = wished()
    run(wish)
    run(wish)
    appointment = Appointment.objects.get()
    assert (appointment.status, appointment.sync_status) == ("requested", "synced")
    wish.refresh_from_db()
    assert (wish.status, wish.call.outcome) == ("open", "pending")
    assert told(appointment) == {("requested", 1)}
    assert calendar.asked(CREATE) == 1


def test_it_opens_a_follow_up_at_the_second_failure_and_settles_it_on_success(calendar: CalcomStub, clock: Any) -> None:
    wish = wished()
    calendar.fail(CREATE, error("500"))
    with pytest.raises(Unknown):
        run(wish)
    assert not FollowUp.objects.exists()
    calendar.fail(LIST, error("500"))
    with pytest.raises(Unavailable):
        run(wish)
    assert FollowUp.objects.get().reason == "provider_down"
    clock.shift(booker.JUDGED_AFTER)
    run(wish)
    assert FollowUp.objects.get().status == "obsolete"
    assert Appointment.objects.get().status == "confirmed"


def test_it_calls_the_slot_gone_when_cal_com_fails_again_and_offers_it_no_more(
    calendar: CalcomStub, clock: Any
) -> None:
    wish = wished()
    for _ in range(2):
        calendar.fail(CREATE, error("500"))
    with pytest.raises(Unknown):
        run(wish)
    clock.shift(booker.JUDGED_AFTER)
    run(wish)
    assert FollowUp.objects.get().reason == "slot_gone"


def test_it_gives_up_when_the_notice_ran_out_while_cal_com_was_down(calendar: CalcomStub, clock: Any) -> None:
    wish = wished()
    calendar.fail(CREATE, error("500"))
    with pytest.raises(Unknown):
        run(wish)
    clock.move_to(WISH - timedelta(minutes=30))
    run(wish)
    assert FollowUp.objects.get().reason == "too_soon"
    assert calendar.asked(CREATE) == 1


def test_it_still_records_what_it_booked_when_the_notice_ran_out_meanwhile(calendar: CalcomStub, clock: Any) -> None:
    wish = wished()
    calendar.fail(CREATE, timeout, after_effect=True)
    calendar.fail(LIST, error("500"))
    with pytest.raises(Unavailable):
        run(wish)
    clock.move_to(WISH - timedelta(minutes=30))
    run(wish)
    assert Appointment.objects.get().status == "confirmed"


def test_it_spends_no_failure_on_a_rate_limit(calendar: CalcomStub) -> None:
    wish = wished()
    calendar.fail(CREATE, lambda: (429, {"X-RateLimit-Reset-Default": "9"}, "{}"))
    with pytest.raises(RateLimited) as limited:
        run(wish)
    assert 9 <= limited.value.after < 12
    assert Appointment.objects.get().failed_tries == 0


def test_it_is_rejected_with_advice_when_the_key_is_not_valid(calendar: CalcomStub) -> None:
    calendar.fail(CREATE, error("401"))
    with pytest.raises(Rejected, match="API key"):
        run(wished())


@pytest.mark.parametrize(
    "fault",
    [error("401"), error("404.booking"), error("500"), timeout],
    ids=["rejected", "not found", "failed", "no answer"],
)
def test_one_request_never_stops_another(calendar: CalcomStub, clock: Any, fault: Any) -> None:
    wish = wished()
    other = request(wish.call, ordinal=2, starts_at=WISH + timedelta(days=1))
    calendar.fail("GET /v2/bookings", fault)
    calendar.fail(CREATE, fault)
    with contextlib.suppress(JobError):
        run(wish)
    other.refresh_from_db()
    assert other.status == "booked"


@pytest.mark.parametrize("fault", [error("429"), no_connection], ids=["limited", "not connected"])
def test_what_concerns_the_key_is_asked_once_for_all_and_then_all_are_booked(calendar: CalcomStub, fault: Any) -> None:
    wish = wished()
    other = request(wish.call, ordinal=2, starts_at=WISH + timedelta(days=1))
    calendar.fail(CREATE, fault)
    with pytest.raises(JobError) as ended:
        run(wish)
    assert ended.value.parking is not None
    assert len(calendar.requests) == 1
    let_pass(80)
    run(wish)
    other.refresh_from_db()
    assert other.status == "booked"


def test_a_job_ends_with_what_another_try_may_mend() -> None:
    again, soon, late, final, bug = (
        Unavailable("later"),
        RateLimited(3),
        RateLimited(60),
        Rejected("never"),
        ValueError("our bug"),
    )
    assert gravest([final, late, soon]) is soon
    assert gravest([final, late, again]) is again
    assert gravest([again, bug, soon]) is bug
    assert gravest([final]) is final
    at_gate = GateShut(5, "full", Parking("calcom:1", Urgency.FIRST))
    assert gravest([again, soon, at_gate]) is at_gate


def test_a_person_hears_at_once_of_a_request_that_no_try_mends(calendar: CalcomStub) -> None:
    calendar.fail(CREATE, error("401"))
    with pytest.raises(Rejected):
        run(wished())
    assert FollowUp.objects.get().reason == "job_dead"


UNREADABLE = {
    "no list": '{"status": "success", "data": null}',
    "another list": '{"status": "success", "data": {"bookings": []}}',
    "no data": '{"status": "success"}',
    "nothing": "",
    "a page": "<h1>Welcome</h1>",
    "cut": '{"status": "success", "data": [',
    "entries of another kind": '{"status": "success", "data": [1, "two"]}',
    "entries without what tells whose they are": '{"status": "success", "data": [{"uid": "x"}]}',
    "a failure": '{"status": "error", "data": []}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_never_means_that_nothing_is_booked(calendar: CalcomStub, clock: Any, body: str) -> None:
    calendar.status = "pending"  # A pending booking blocks no time: a second request would make a second one.
    calendar.fail(CREATE, timeout, after_effect=True)
    wish = wished()
    for _ in range(4):
        calendar.fail("GET /v2/bookings", lambda: (200, {}, body))
        with pytest.raises((Unknown, Unavailable)):
            run(wish)
        clock.shift(booker.JUDGED_AFTER)
    run(wish)
    assert calendar.asked(CREATE) == 1
    assert Appointment.objects.get().calcom_uid == calendar.bookings[0]["uid"]


def test_it_knows_its_booking_whatever_became_of_the_address(calendar: CalcomStub) -> None:
    calendar.before_answer = lambda booked: booked.update(
        attendees=[{"name": "X", "email": "4915550100456@sms.cal.com"}]
    )
    calendar.fail(CREATE, timeout, after_effect=True)
    run(wished())
    assert Appointment.objects.get().calcom_uid == calendar.bookings[0]["uid"]
    assert calendar.asked(CREATE) == 1


def test_it_books_the_second_request_although_the_first_one_fails(calendar: CalcomStub, clock: Any) -> None:
    wish = wished()
    other = request(wish.call, ordinal=2, starts_at=WISH + timedelta(days=1))
    calendar.fail(CREATE, error("500"))
    with pytest.raises(Unknown):
        run(wish)
    other.refresh_from_db()
    assert other.status == "booked"
    clock.shift(booker.JUDGED_AFTER)
    run(wish)
    assert Appointment.objects.filter(status="confirmed").count() == 2


def test_it_tells_a_person_when_somebody_else_than_wished_was_booked(calendar: CalcomStub) -> None:
    wish = wished()
    wish.staff = staff(wish.call.branch, 311, name="Ida Ulme", email="ida.ulme@example.org")
    wish.save()
    run(wish)
    assert FollowUp.objects.get().reason == "unknown_staff"
    assert Appointment.objects.get().status == "confirmed"


def test_it_leaves_a_request_alone_that_a_person_has_taken_over(
    calendar: CalcomStub, clock: Any, admin_user: Any
) -> None:
    wish = wished()
    calendar.fail(CREATE, error("500"))
    calendar.fail(CREATE, error("500"))
    calendar.free = ["2026-12-03T13:00:00Z"]
    for _ in range(2):
        with pytest.raises(Unknown):
            run(wish)
        clock.shift(booker.JUDGED_AFTER)
    assert FollowUp.objects.get().resolve(admin_user, "Called back.")
    run(wish)
    assert calendar.bookings == []


@pytest.mark.parametrize(("unclear", "status"), [("", "dropped"), ("callback", "follow_up")])
def test_it_books_nothing_for_a_company_that_does_not_want_it(calendar: CalcomStub, unclear: str, status: str) -> None:
    wish = wished(unclear=unclear)
    wish.company.books_appointments = False
    wish.company.save()
    run(wish)
    wish.refresh_from_db()
    assert wish.status == status
    assert wish.call.outcome == {"dropped": "no_request", "follow_up": "follow_up"}[status]
    assert calendar.requests == []


def test_it_is_gone_when_the_call_is(calendar: CalcomStub) -> None:
    with pytest.raises(Gone):
        create_appointment_from_call(call_id=999_999)


def test_no_error_or_log_names_anybody(calendar: CalcomStub, caplog: pytest.LogCaptureFixture) -> None:
    wish = wished(email="ole.linde@example.org")
    calendar.fail(CREATE, error("500"))
    with pytest.raises(Unknown) as raised:
        run(wish)
    written = f"{raised.value!r} {caplog.text}"
    assert not any(secret in written for secret in ("Linde", "example.org", "4915550", "stub0", "cal_test"))


def told(appointment: Appointment) -> set[tuple[str, int]]:
    rows = Notification.objects.filter(appointment=appointment).exclude(kind="staff")
    return set(rows.values_list("kind", "version"))
