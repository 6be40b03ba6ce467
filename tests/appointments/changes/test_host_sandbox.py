"""What hosts do at Cal.com, against the sandbox: its webhooks into a real server, worked on in the order they come."""

from datetime import datetime
from typing import Any

import pytest

from appointments.models import Appointment, FollowUp
from appointments.tasks import create_appointment_from_call, process_calcom_webhook, sync_calcom_data
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from calls.models import BookingRequest
from notifications.models import Notification
from tests.appointments.conftest import SANDBOX_NOW
from tests.appointments.salon import branch, call, company, customer, request, service, staff
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db(transaction=True)

HAIRCUT = 4711  # two hosts
LATER = "2026-12-04T09:30:00Z"


@pytest.fixture
def wish(sandbox: SandboxClient) -> BookingRequest:
    at = branch(company(calcom_api_key=LOCAL["CALCOM_API_KEY"]))
    haircut = service(at.company, HAIRCUT, judged_at=None)
    kaethe = staff(at, 20817, name="Käthe Grün", email="kaethe.gruen@example.org")
    staff(at, 20818, name="Ömer Yıldız", email="oemer.yildiz@example.org")
    return request(call(at, customer(at.company)), service=haircut, staff=kaethe)


def booked(wish: BookingRequest, sandbox: SandboxClient) -> str:
    create_appointment_from_call(call_id=wish.call_id)
    hear()
    return str(sandbox.bookings()[0]["uid"])


def hear() -> None:
    for event in WebhookEvent.objects.filter(status="received").order_by("id"):
        process_calcom_webhook(event_id=event.pk)
    assert set(WebhookEvent.objects.values_list("status", flat=True)) <= {"processed", "ignored"}


def act(sandbox: SandboxClient, uid: str, verb: str, **body: Any) -> dict[str, Any]:
    answer = sandbox.calcom("POST", f"/v2/bookings/{uid}/{verb}", key=LOCAL["CALCOM_API_KEY"], **body)
    assert answer.ok, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def kinds() -> list[str]:
    return list(Notification.objects.filter(channel="sms").order_by("id").values_list("kind", flat=True))


def test_another_host_is_told(wish: BookingRequest, sandbox: SandboxClient) -> None:
    act(sandbox, booked(wish, sandbox), "reassign/20818")
    hear()
    appointment = Appointment.objects.get()
    assert appointment.staff is not None and appointment.staff.name == "Ömer Yıldız"
    assert kinds() == ["confirmation", "staff_changed"]
    assert FollowUp.objects.get().reason == "unknown_staff"


def test_a_host_who_wants_another_time_is_a_call_back(wish: BookingRequest, sandbox: SandboxClient) -> None:
    sandbox.request_reschedule(booked(wish, sandbox))
    hear()
    assert Appointment.objects.get().status == "cancelled"
    assert FollowUp.objects.get().reason == "other_time"


@pytest.mark.parametrize(
    ("word", "heard_by"),
    [
        ("decline", "webhook"),
        ("confirm", "sync"),
        pytest.param("confirm", "webhook", marks=pytest.mark.long),
        pytest.param("decline", "sync", marks=pytest.mark.long),
    ],
)
def test_a_move_waits_for_the_hosts_word(
    wish: BookingRequest, sandbox: SandboxClient, word: str, heard_by: str
) -> None:
    sandbox.switch(event_type_kinds={str(HAIRCUT): {"confirmation": True}})
    uid = booked(wish, sandbox)
    act(sandbox, uid, "confirm")
    hear()
    sync_calcom_data(company_id=wish.company_id)
    if heard_by == "sync":
        sandbox.switch(webhooks="off")

    def learn() -> None:
        hear() if heard_by == "webhook" else sync_calcom_data(company_id=wish.company_id)

    new = act(sandbox, uid, "reschedule", start=LATER)["uid"]
    learn()
    appointment = Appointment.objects.get()
    assert (appointment.status, appointment.calcom_uid) == ("requested", new)
    act(sandbox, new, word)
    learn()
    appointment.refresh_from_db()
    assert appointment.starts_at == datetime.fromisoformat(LATER)
    assert appointment.status == ("confirmed" if word == "confirm" else "cancelled")
    assert kinds()[-1] == ("rescheduled" if word == "confirm" else "cancellation")
    assert list(FollowUp.objects.values_list("detail", flat=True)) == (["move_rejected"] if word == "decline" else [])


def test_a_guest_who_did_not_come_is_no_word_on_our_customer(wish: BookingRequest, sandbox: SandboxClient) -> None:
    uid = booked(wish, sandbox)
    sandbox.set_calcom_clock(SANDBOX_NOW.replace(day=5))
    guest = {"email": "gast@example.org", "absent": True}
    act(sandbox, uid, "mark-absent", attendees=[guest])
    hear()
    assert Appointment.objects.get().status == "confirmed"
    ours = sandbox.bookings()[0]["attendees"][0]["email"]
    act(sandbox, uid, "mark-absent", attendees=[{"email": ours, "absent": True}])
    hear()
    assert Appointment.objects.get().status == "no_show"


def test_what_others_do_with_their_seats_leaves_a_seat_of_ours(wish: BookingRequest, sandbox: SandboxClient) -> None:
    """The event type got seats after it was read: a booking is then followed by its attendee."""
    sandbox.switch(event_type_kinds={str(HAIRCUT): {"seats": 3}})
    attendee = {"email": "kunde-7@kunden.askpro.example", "name": "Ole Linde", "timeZone": "Europe/Berlin"}
    other = {"email": "andere.person@example.org", "name": "Andere Person", "timeZone": "Europe/Berlin"}
    start = wish.starts_at.isoformat() if wish.starts_at else ""
    wanted = {"eventTypeId": HAIRCUT, "start": start}
    key = {"askpro_booking_key": str(wish.booking_key)}
    Appointment.objects.create(
        company=wish.company, branch=wish.where, customer=wish.who, call=wish.call, service=wish.service,
        booking_request=wish, booking_key=wish.booking_key, starts_at=wish.starts_at, calcom_email=attendee["email"],
        ends_at=wish.starts_at.replace(hour=wish.starts_at.hour + 1),
    )  # fmt: skip

    def book(who: dict[str, str], **more: Any) -> dict[str, Any]:
        answer = sandbox.calcom("POST", "/v2/bookings", key=LOCAL["CALCOM_API_KEY"], attendee=who, **wanted, **more)
        data: dict[str, Any] = answer.json()["data"]
        return data

    ours, theirs = book(attendee, metadata=key), book(other)
    act(sandbox, theirs["uid"], "reschedule", start=LATER, seatUid=theirs["seatUid"])
    again = book(other)
    act(sandbox, again["uid"], "cancel", seatUid=again["seatUid"])
    for _ in range(2):
        hear()
    appointment = Appointment.objects.get(booking_request=wish)
    assert (appointment.status, appointment.starts_at) == ("confirmed", wish.starts_at)
    act(sandbox, ours["uid"], "reschedule", start="2026-12-04T10:30:00Z")
    hear()
    appointment.refresh_from_db()
    assert (appointment.status, appointment.starts_at.hour, appointment.calcom_uid) == ("confirmed", 10, ours["uid"])
    act(sandbox, ours["uid"], "cancel", seatUid=ours["seatUid"])
    hear()
    appointment.refresh_from_db()
    assert (appointment.status, kinds()) == ("cancelled", ["confirmation", "rescheduled", "cancellation"])
