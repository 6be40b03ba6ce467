"""The host's yes and no, and whether the customer came, said from here: at Cal.com first, then in our rows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from appointments.changes import request, unfinished
from appointments.changes.request import Origin
from appointments.models import Appointment, CalcomUid, Change, FollowUp
from appointments.tasks import carry_out_change
from askpro.queues.errors import JobError
from askpro.queues.models import GateState
from askpro.queues.testing import assert_sent
from notifications.models import Notification
from tests.appointments import salon
from tests.appointments.calcom_stub import CalcomStub, Fault, no_connection, timeout

pytestmark = pytest.mark.django_db

STAFF = Origin(Change.Channel.CONSOLE)
PATIENCE = 5.0
Status = Appointment.Status
Wish = Callable[..., Change]


@pytest.fixture
def asked(clock: Any, calendar: CalcomStub) -> Appointment:
    """An appointment on Thursday that waits for the host's yes; a person has been asked to see to it."""
    wish = salon.wished()
    booking = calendar.book(salon.WISH.isoformat(), status="pending")
    appointment = Appointment.objects.create(
        company=wish.company,
        branch=wish.where,
        customer=wish.who,
        service=wish.service,
        booking_request=wish,
        starts_at=salon.WISH,
        ends_at=salon.WISH + timedelta(minutes=45),
        attendee_name="Ole Linde",
        attendee_email=booking["attendees"][0]["email"],
        calcom_uid=booking["uid"],
    )
    CalcomUid.objects.create(company=wish.company, uid=booking["uid"], appointment=appointment)
    FollowUp.objects.create(
        company=wish.company,
        branch=wish.where,
        booking_request=wish,
        appointment=appointment,
        reason="no_answer",
        topic="wish",
        due_at=salon.WISH,
    )
    return appointment


@pytest.fixture
def missed(asked: Appointment, calendar: CalcomStub, clock: Any) -> Appointment:
    """One that was confirmed, and began an hour ago."""
    calendar.bookings[0]["status"] = "accepted"
    Appointment.objects.filter(pk=asked.pk).update(status=Status.CONFIRMED)
    clock.move_to(salon.WISH + timedelta(hours=1))
    return Appointment.objects.get()


def status() -> str:
    return Appointment.objects.get().status


def open_reasons() -> list[str]:
    return [*FollowUp.objects.filter(status="open").values_list("reason", flat=True)]


def test_the_yes_confirms_it_there_and_here_and_the_customer_is_told(asked: Appointment, calendar: CalcomStub) -> None:
    change = request.confirm(asked, STAFF, patience=PATIENCE)
    assert (change.state, status(), calendar.bookings[0]["status"]) == ("done", "confirmed", "accepted")
    assert Notification.objects.filter(kind="confirmation", channel="sms").exists()
    assert open_reasons() == [], "nobody has to ask the host any more"


def test_the_no_ends_it_there_and_here_and_somebody_calls(asked: Appointment, calendar: CalcomStub) -> None:
    change = request.decline(asked, STAFF, "Urlaub", patience=PATIENCE)
    assert (change.state, status(), calendar.bookings[0]["status"]) == ("done", "cancelled", "rejected")
    [told] = [sent["reason"] for _, path, sent in calendar.requests if path.endswith("/decline")]
    assert told.endswith("Urlaub")
    assert open_reasons() == ["refused"]
    assert [*Change.objects.values_list("kind", flat=True)] == ["decline"], "it is not noted twice"


@pytest.mark.parametrize(
    ("at_cal_com", "state", "detail"), [("accepted", "done", ""), ("cancelled", "refused", "not_asked")]
)
def test_what_the_host_has_said_meanwhile_counts(
    asked: Appointment, calendar: CalcomStub, at_cal_com: str, state: str, detail: str
) -> None:
    calendar.bookings[0]["status"] = at_cal_com
    change = request.confirm(asked, STAFF, patience=PATIENCE)
    assert (change.state, change.detail) == (state, detail)


@pytest.mark.parametrize("wish", [request.confirm, request.decline, request.note_no_show, request.note_came])
@pytest.mark.parametrize(("fault", "after_effect"), [(timeout, True), (timeout, False), (no_connection, False)])
def test_an_unknown_outcome_is_looked_for_and_done_once(
    request_of: Callable[[Wish], Appointment], calendar: CalcomStub, wish: Wish, fault: Fault, after_effect: bool
) -> None:
    appointment = request_of(wish)
    verb = {"confirm": "confirm", "decline": "decline"}.get(wish.__name__, "mark-absent")
    calendar.fail(f"POST /v2/bookings/{appointment.calcom_uid}/{verb}", fault, after_effect)
    change = wish(appointment, STAFF, patience=PATIENCE)
    assert change.state == "waiting" and status() == appointment.status
    values = {"change_id": change.pk, "appointment_id": appointment.pk}
    assert_sent(carry_out_change, times=1, **values)
    GateState.objects.all().delete()  # it opens by itself a little later
    carry_out_change(**values)
    carry_out_change(**values)
    change.refresh_from_db()
    assert change.state == "done"
    made = {"confirm": "confirmed", "decline": "cancelled", "note_no_show": "no_show", "note_came": "completed"}
    assert status() == made[wish.__name__]
    posts = sum(path.endswith(f"/{verb}") for method, path, _ in calendar.requests if method == "POST")
    # That a customer came is so at Cal.com already, before anybody has told it; whoever looks sees it.
    was_so = after_effect or (wish is request.note_came and fault is timeout)
    assert posts == (1 if was_so else 2)


@pytest.fixture
def request_of(asked: Appointment, request: pytest.FixtureRequest) -> Callable[[Wish], Appointment]:
    """The appointment that this can be said of."""

    def find(wish: Wish) -> Appointment:
        if wish.__name__ in ("confirm", "decline"):
            return asked
        found: Appointment = request.getfixturevalue("missed")
        return found

    return find


def test_who_did_not_come_is_noted_there_and_here_and_can_be_taken_back(
    missed: Appointment, calendar: CalcomStub, clock: Any
) -> None:
    assert request.note_no_show(missed, STAFF, patience=PATIENCE).state == "done"
    assert (status(), calendar.bookings[0]["attendees"][0]["absent"]) == ("no_show", True)
    clock.shift(timedelta(minutes=1))
    assert request.note_came(missed, STAFF, patience=PATIENCE).state == "done"
    assert (status(), calendar.bookings[0]["attendees"][0]["absent"]) == ("completed", False)
    assert not Notification.objects.exists(), "nobody is told"


def test_an_attendee_whom_cal_com_does_not_know_is_left_to_a_person(missed: Appointment, calendar: CalcomStub) -> None:
    calendar.bookings[0]["attendees"] = [{"name": "Jemand", "email": "jemand@example.org", "timeZone": "Europe/Berlin"}]
    change = request.note_no_show(missed, STAFF, patience=PATIENCE)
    assert (change.state, change.detail, status()) == ("refused", "other_attendee", "confirmed")


@pytest.mark.parametrize(
    ("wish", "values", "detail"),
    [
        (request.confirm, {"status": Status.CONFIRMED}, "not_asked"),
        (request.confirm, {"calcom_uid": None}, "not_asked"),
        (request.decline, {"status": Status.CANCELLED}, "not_asked"),
        (request.decline, {"starts_at": salon.NOW - timedelta(minutes=1)}, "not_asked"),
        (request.note_no_show, {"status": Status.CONFIRMED}, "not_begun"),
        (request.note_no_show, {"status": Status.REQUESTED}, "never_stood"),
        (request.note_came, {"status": Status.CANCELLED}, "never_stood"),
        (request.note_came, {"status": Status.COMPLETED, "calcom_uid": None}, "no_booking"),
    ],
)
def test_what_makes_no_sense_is_refused_without_asking(
    asked: Appointment, calendar: CalcomStub, wish: Wish, values: dict[str, Any], detail: str
) -> None:
    CalcomUid.objects.all().delete()
    Appointment.objects.update(**values)
    change = wish(asked, STAFF, patience=PATIENCE)
    assert (change.state, change.detail) == ("refused", detail)
    assert calendar.requests == []


def test_what_was_noted_waits_for_cal_com_a_week_though_the_appointment_has_begun(
    missed: Appointment, calendar: CalcomStub, clock: Any
) -> None:
    calendar.away = no_connection
    change = request.note_no_show(missed, STAFF, patience=PATIENCE)
    unfinished.end_late()
    change.refresh_from_db()
    assert change.state == "waiting"
    assert all(
        due > timezone.now() for due in FollowUp.objects.filter(reason="not_noted").values_list("due_at", flat=True)
    )
    clock.shift(timedelta(days=8))
    unfinished.end_late()
    change.refresh_from_db()
    assert change.state == "refused" and "not_noted" in open_reasons()


def test_a_job_that_is_not_answered_is_tried_again(asked: Appointment, calendar: CalcomStub) -> None:
    calendar.away = no_connection
    change = request.confirm(asked, STAFF)
    with pytest.raises(JobError):
        carry_out_change(change_id=change.pk, appointment_id=asked.pk)
    calendar.away = None
    GateState.objects.all().delete()  # it opens by itself a little later
    carry_out_change(change_id=change.pk, appointment_id=asked.pk)
    change.refresh_from_db()
    assert change.state == "done"
