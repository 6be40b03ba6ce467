"""The job that works on Cal.com's webhooks: from the stored bytes to our rows and the event's state."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from appointments.models import Appointment, CalcomUid
from appointments.tasks import create_appointment_from_call, process_calcom_webhook
from askpro.queues.errors import Gone
from askpro.queues.models import Job
from notifications.models import Notification
from tests.appointments.calcom_stub import CalcomStub, webhook
from tests.appointments.news import receive
from tests.appointments.salon import WISH, branch, company, service, staff, wished
from webhooks.models import Provider, WebhookEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

AT = "2026-11-30T10:00:0{}.402Z"


@pytest.fixture
def booked(calendar: CalcomStub) -> dict[str, Any]:
    """A stranger's booking at one of our salons."""
    at = branch(company())
    service(at.company)
    staff(at)
    return calendar.book("2026-12-03T13:00:00+00:00")


def test_it_makes_an_appointment_of_a_booking_made_at_cal_com(booked: dict[str, Any]) -> None:
    event = receive(webhook(booked, "BOOKING_CREATED", AT.format(1)))
    appointment = Appointment.objects.get()
    assert (appointment.status, appointment.source, appointment.starts_at) == ("confirmed", "calcom", WISH)
    assert (event.status, event.company) == ("processed", appointment.company)


def test_it_is_invalid_at_once_when_the_booking_has_no_length(booked: dict[str, Any]) -> None:
    body = webhook(booked, "BOOKING_CREATED", AT.format(1))
    body["payload"]["endTime"] = body["payload"]["startTime"]
    assert receive(body).status == "invalid"
    assert not Appointment.objects.exists()


def test_it_confirms_once_when_the_webhook_comes_before_our_own_record(calendar: CalcomStub) -> None:
    wish = wished()
    # Cal.com sends its webhook before it answers the request that made the booking.
    calendar.before_answer = lambda booking: receive(webhook(booking, "BOOKING_CREATED", AT.format(1))) and None
    create_appointment_from_call(call_id=wish.call_id)
    wish.refresh_from_db()
    appointment = Appointment.objects.get()
    assert (appointment.status, appointment.version, wish.status) == ("confirmed", 1, "booked")
    assert Notification.objects.filter(appointment=appointment, kind="confirmation").count() == 1


def test_it_knows_the_echo_of_our_own_booking(calendar: CalcomStub) -> None:
    wish = wished()
    create_appointment_from_call(call_id=wish.call_id)
    event = receive(webhook(calendar.bookings[0], "BOOKING_CREATED", AT.format(2)))
    assert event.status == "processed"
    assert Appointment.objects.get().version == 1


def test_it_keeps_the_echo_of_our_own_cancellation_from_doing_more(calendar: CalcomStub) -> None:
    calendar.shift = timedelta(minutes=30)
    wish = wished()
    create_appointment_from_call(call_id=wish.call_id)
    for trigger in ("BOOKING_CREATED", "BOOKING_CANCELLED"):
        assert receive(webhook(calendar.bookings[0], trigger, AT.format(3))).status == "processed"
    assert Appointment.objects.get().calcom_uid is None
    assert not Notification.objects.exclude(kind="staff").exists()


def test_it_leaves_a_tombstone_when_the_cancellation_is_first(booked: dict[str, Any]) -> None:
    assert receive(webhook(booked, "BOOKING_CANCELLED", AT.format(5))).status == "processed"
    assert CalcomUid.objects.get().ended_at is not None
    receive(webhook(booked, "BOOKING_CREATED", AT.format(1)))
    assert Appointment.objects.get().status == "cancelled"


def test_it_moves_the_appointment_to_the_new_uid(booked: dict[str, Any], calendar: CalcomStub) -> None:
    receive(webhook(booked, "BOOKING_CREATED", AT.format(1)))
    moved = calendar.book("2026-12-04T09:30:00+00:00")
    receive(webhook(moved, "BOOKING_RESCHEDULED", AT.format(2), rescheduleUid=booked["uid"]))
    receive(webhook(booked, "BOOKING_CREATED", AT.format(1)))
    appointment = Appointment.objects.get()
    assert (appointment.calcom_uid, appointment.status) == (moved["uid"], "confirmed")


def test_it_waits_for_the_host_when_a_move_needs_a_yes(booked: dict[str, Any], calendar: CalcomStub) -> None:
    receive(webhook(booked, "BOOKING_CREATED", AT.format(1)))
    moved = calendar.book("2026-12-04T09:30:00+00:00")
    receive(webhook(moved, "BOOKING_RESCHEDULED", AT.format(2), rescheduleUid=booked["uid"], status="PENDING"))
    assert Appointment.objects.get().status == "requested"


def no_show(booking: dict[str, Any], at: str, absent: bool) -> dict[str, Any]:
    attendees = [{"email": "ole.linde@example.org", "noShow": absent}]
    payload = {"bookingUid": booking["uid"], "bookingId": booking["id"], "attendees": attendees}
    return {"triggerEvent": "BOOKING_NO_SHOW_UPDATED", "createdAt": at, "payload": payload}


def test_it_believes_the_newest_word_on_a_no_show(booked: dict[str, Any]) -> None:
    receive(webhook(booked, "BOOKING_CREATED", AT.format(1)))
    receive(no_show(booked, "2026-12-03T14:00:00.000Z", absent=True))
    assert Appointment.objects.get().status == "no_show"
    receive(no_show(booked, "2026-12-03T13:55:00.000Z", absent=False))
    assert Appointment.objects.get().status == "no_show"
    receive(no_show(booked, "2026-12-03T14:05:00.000Z", absent=False))
    assert Appointment.objects.get().status == "completed"


def test_it_completes_the_appointment_when_the_meeting_has_ended(booked: dict[str, Any]) -> None:
    receive(webhook(booked, "BOOKING_CREATED", AT.format(1)))
    flat = {
        "triggerEvent": "MEETING_ENDED",
        "uid": booked["uid"],
        "createdAt": "2026-11-30T10:00:00.901Z",
        "startTime": booked["start"],
        "endTime": booked["end"],
    }
    assert receive(flat).status == "processed"
    assert Appointment.objects.get().status == "completed"
    receive(webhook(booked, "BOOKING_CREATED", AT.format(1)))
    assert Appointment.objects.get().status == "completed"


def test_it_says_when_a_booking_is_not_known_here(booked: dict[str, Any]) -> None:
    event = receive(no_show(booked, "2026-12-03T14:00:00.000Z", absent=True))
    assert (event.status, event.reason) == ("processed", "no appointment has this booking")


def test_it_is_unassigned_until_a_company_has_the_event_type(calendar: CalcomStub) -> None:
    body = webhook(calendar.book("2026-12-03T13:00:00+00:00"), "BOOKING_CREATED", AT.format(1))
    assert receive(body).status == "unassigned"
    at = branch(company())
    service(at.company)
    event = receive(body)
    assert (event.status, Appointment.objects.get().company) == ("processed", at.company)


def test_it_ignores_what_changes_nothing_here(booked: dict[str, Any]) -> None:
    event = receive(webhook(booked, "BOOKING_PAID", AT.format(1)))
    assert (event.status, event.reason) == ("ignored", "BOOKING_PAID changes nothing here")
    assert not Appointment.objects.exists()


def test_it_counts_the_day_anew_when_a_callers_appointment_changed(calendar: CalcomStub) -> None:
    wish = wished()
    create_appointment_from_call(call_id=wish.call_id)
    Job.objects.all().delete()
    receive(webhook(calendar.bookings[0], "BOOKING_CREATED", AT.format(2)))
    assert not Job.objects.filter(actor_name="update_analytics").exists()
    receive(webhook(calendar.bookings[0], "BOOKING_CANCELLED", AT.format(3)))
    assert Job.objects.filter(actor_name="update_analytics").count() == 1


def test_it_reads_a_form_too(booked: dict[str, Any]) -> None:
    fields = webhook(booked, "BOOKING_CREATED", AT.format(1))
    form = {name: fields["payload"][name] for name in ("uid", "eventTypeId", "startTime", "endTime")}
    form |= {"triggerEvent": "BOOKING_CREATED", "createdAt": fields["createdAt"]}
    body = urlencode(form).encode()
    event = WebhookEvent.objects.create(
        provider=Provider.CALCOM, event_key="form", body=body, content_type="application/x-www-form-urlencoded"
    )
    process_calcom_webhook(event_id=event.pk)
    event.refresh_from_db()
    assert event.status == "processed"
    assert Appointment.objects.get().status == "confirmed"


def test_it_does_nothing_twice_with_an_event_that_is_worked_off(booked: dict[str, Any]) -> None:
    event = receive(webhook(booked, "BOOKING_CREATED", AT.format(1)))
    Appointment.objects.all().delete()
    process_calcom_webhook(event_id=event.pk)
    assert not Appointment.objects.exists()


def test_it_is_gone_when_the_event_is() -> None:
    with pytest.raises(Gone):
        process_calcom_webhook(event_id=999_999)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"triggerEvent": 7}',
        b'{"triggerEvent": "BOOKING_CREATED"}',
        b'{"triggerEvent": "BOOKING_CREATED", "createdAt": "heute", "payload": {}}',
        b'{"triggerEvent": "BOOKING_CREATED", "createdAt": "1999-01-01T00:00:00Z", "payload": {"uid": "a"}}',
        b'{"triggerEvent": "BOOKING_NO_SHOW_UPDATED", "createdAt": "2026-12-01T00:00:00Z", "payload": {}}',
    ],
)
def test_it_is_invalid_when_it_cannot_be_read(body: bytes) -> None:
    event = receive(body)
    assert event.status == "invalid"
    assert not Appointment.objects.exists()


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
PLACES = ("uid", "bookingId", "eventTypeId", "startTime", "endTime", "organizer", "attendees", "metadata", "status")


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from((*PLACES, "rescheduleUid")), value=HOSTILE)
def test_it_ends_in_a_state_whatever_a_field_holds(booked: dict[str, Any], field: str, value: Any) -> None:
    body = webhook(booked, "BOOKING_RESCHEDULED", AT.format(1), **{field: value})
    assert receive(json.dumps(body).encode("utf-8", "surrogatepass")).status in ("processed", "invalid", "unassigned")


def test_it_ends_every_example_of_the_contract_in_a_state(contracts: Path) -> None:
    at = branch(company())
    service(at.company, 4711)
    for path in sorted((contracts / "examples" / "calcom").glob("[A-Z]*.json")):
        event = receive(path.read_bytes())
        expected = {"BOOKING_CREATED", "BOOKING_REQUESTED", "BOOKING_RESCHEDULED", "BOOKING_CANCELLED"}
        expected |= {"BOOKING_REJECTED", "BOOKING_NO_SHOW_UPDATED", "MEETING_ENDED"}
        assert event.status == ("processed" if path.stem in expected else "ignored"), path.stem
    assert Appointment.objects.get().calcom_uid == "kW8dZ4pN6sGyVu1QeX3tJb"
