"""One reader for every shape in which Cal.com's webhooks come: nested, flat, as a form, by a template."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from appointments.calcom.event import IGNORED, Trigger
from appointments.changes import handlers
from appointments.models import Appointment
from appointments.tasks import process_calcom_webhook
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from tests.appointments.calcom_stub import CalcomStub, webhook
from tests.appointments.salon import branch, company, service, staff
from webhooks.door.vendors import VENDORS
from webhooks.models import Provider, WebhookEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

LONG = pytest.mark.long
FORM = "application/x-www-form-urlencoded"
Body = tuple[str, bytes]


def nested(trigger: str, created_at: str, booking: dict[str, Any]) -> Body:
    body = {"triggerEvent": trigger, "createdAt": created_at, "payload": booking}
    return "application/json", json.dumps(body).encode()


def flat(trigger: str, created_at: str, booking: dict[str, Any]) -> Body:
    return "application/json", json.dumps(booking | {"triggerEvent": trigger, "createdAt": created_at}).encode()


def payload_in_a_form(trigger: str, created_at: str, booking: dict[str, Any]) -> Body:
    fields = {"triggerEvent": trigger, "createdAt": created_at, "payload": json.dumps(booking)}
    return FORM, urlencode(fields).encode()


def fields_in_a_form(trigger: str, created_at: str, booking: dict[str, Any]) -> Body:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in booking.items()}
    return FORM, urlencode(texts | {"triggerEvent": trigger, "createdAt": created_at}).encode()


def template(trigger: str, created_at: str, booking: dict[str, Any]) -> Body:
    """Cal.com writes lists and objects into a template as JSON in a text."""
    texts = {name: value if isinstance(value, str | int) else json.dumps(value) for name, value in booking.items()}
    return "application/json", json.dumps(texts | {"triggerEvent": trigger, "createdAt": created_at}).encode()


SHAPES = [nested, flat, payload_in_a_form, fields_in_a_form, template]


def receive(trigger: str, content_type: str, body: bytes, request: Any) -> WebhookEvent:
    """Send it through the vendor's reading at the door, as the view does, and through the job."""
    told = VENDORS[Provider.CALCOM].read(request.post("/webhooks/calcom/", body, content_type=content_type), body)
    assert (told.event_type, bool(told.subject), told.status) == (trigger, True, "received")
    event = WebhookEvent.objects.create(
        provider=Provider.CALCOM, event_key=told.event_key, event_type=trigger, body=body, content_type=content_type
    )
    process_calcom_webhook(event_id=event.pk)
    event.refresh_from_db()
    return event


@pytest.mark.parametrize("shape", SHAPES)
def test_a_booking_is_read_from_every_shape_to_its_end(calendar: CalcomStub, rf: Any, shape: Any) -> None:
    at = branch(company())
    service(at.company)
    staff(at)
    booked = calendar.book("2026-12-03T13:00:00+00:00")

    told = webhook(booked, "BOOKING_CREATED", "")["payload"]
    assert receive("BOOKING_CREATED", *shape("BOOKING_CREATED", "2026-11-30T10:00:01.000Z", told), rf).status
    appointment = Appointment.objects.get()
    assert (appointment.status, appointment.attendee_name, appointment.staff is not None) == (
        "confirmed",
        booked["attendees"][0]["name"],
        True,
    )

    row = {"uid": booked["uid"], "startTime": booked["start"], "endTime": booked["end"], "status": "ACCEPTED"}
    # In a flat body createdAt is the booking's, otherwise the meeting's: the meeting's own time counts.
    created_at = booked["end"] if shape in (nested, payload_in_a_form) else "2026-11-30T10:00:00.901Z"
    event = receive("MEETING_ENDED", *shape("MEETING_ENDED", created_at, row), rf)
    assert event.status == "processed"
    appointment.refresh_from_db()
    assert appointment.status == "completed"


@pytest.mark.parametrize("payload", ["{", "[]", '"text"', "{" * 5000, '{"uid": 7}', "null"])
def test_a_payload_that_is_none_is_invalid_and_no_error(payload: str, rf: Any) -> None:
    body = urlencode({"triggerEvent": "BOOKING_CREATED", "createdAt": "2026-11-30T10:00:01Z", "payload": payload})
    told = VENDORS[Provider.CALCOM].read(rf.post("/x/", body.encode(), content_type=FORM), body.encode())
    assert told.status == "invalid"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("shape", ["form", *(pytest.param(one, marks=LONG) for one in ("usual", "nested", "flat"))])
def test_the_sandboxes_cal_com_is_understood_in_each_of_its_shapes(sandbox: SandboxClient, shape: str) -> None:
    at = branch(company())
    service(at.company, 4712)
    sandbox.switch(webhook_shape=shape)
    attendee = {"name": "Mia Koch", "email": "mia.koch@example.org", "timeZone": "Europe/Berlin"}
    wanted = {"start": "2026-12-03T13:00:00Z", "eventTypeId": 4712, "attendee": attendee}
    made = sandbox.calcom("POST", "/v2/bookings", key=LOCAL["CALCOM_API_KEY"], **wanted).json()["data"]
    sandbox.end_meeting(made["uid"])
    for event in WebhookEvent.objects.order_by("id"):
        process_calcom_webhook(event_id=event.pk)
    assert set(WebhookEvent.objects.values_list("status", flat=True)) == {"processed"}
    assert Appointment.objects.get().status == "completed"


def test_every_trigger_that_is_worked_on_has_a_handler_and_no_reason_to_be_ignored() -> None:
    assert {*handlers.HANDLERS} == {*Trigger}
    assert not {*Trigger} & {*IGNORED}
