"""Booking and mirroring against the sandbox's Cal.com: a process of its own, real HTTP, webhooks into a real server."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine

from appointments.booking import booker
from appointments.models import Appointment, FollowUp
from appointments.tasks import create_appointment_from_call, process_calcom_webhook, sync_calcom_data
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from askpro.queues.errors import Unknown
from calls.models import BookingRequest, Staff
from notifications.models import Notification
from tests.appointments.conftest import SANDBOX_NOW
from tests.appointments.salon import branch, call, company, customer, request, service, staff
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db(transaction=True)

WISH = datetime(2026, 12, 3, 13, 0, tzinfo=UTC)  # Thursday, 14:00 in Berlin
COLOUR, HOST = 4712, 20817  # one host only


@pytest.fixture
def wish(sandbox: SandboxClient) -> BookingRequest:
    at = branch(company(calcom_api_key=LOCAL["CALCOM_API_KEY"]))
    colour = service(at.company, COLOUR, name="Färben", duration_minutes=90)
    staff(at, HOST)
    return request(call(at, customer(at.company)), service=colour, starts_at=WISH)


def run(wish: BookingRequest) -> None:
    create_appointment_from_call(call_id=wish.call_id)


def hear(*, shuffled: int | None = None) -> list[str]:
    """Work on the waiting webhooks, in order of arrival or in another order; return what became of them."""
    events = list(WebhookEvent.objects.filter(status="received").order_by("id"))
    if shuffled is not None:
        random.Random(shuffled).shuffle(events)
    for event in events:
        process_calcom_webhook(event_id=event.pk)
    return [WebhookEvent.objects.get(pk=event.pk).status for event in events]


def calcom(sandbox: SandboxClient, path: str, **body: Any) -> dict[str, Any]:
    """What a host does at Cal.com."""
    answer = sandbox.calcom("POST", path, key=LOCAL["CALCOM_API_KEY"], **body)
    assert answer.status_code in (200, 201), answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def confirmations() -> int:
    return Notification.objects.filter(kind="confirmation", channel="sms").count()


def test_it_books_once_and_knows_the_echo(wish: BookingRequest, sandbox: SandboxClient) -> None:
    run(wish)
    assert hear() == ["processed"]
    appointment = Appointment.objects.get()
    assert (appointment.status, appointment.calcom_uid) == ("confirmed", sandbox.bookings()[0]["uid"])
    assert appointment.staff == Staff.objects.get()
    assert (len(sandbox.bookings()), confirmations()) == (1, 1)


def test_it_books_once_when_its_webhook_is_worked_on_before_it_can_record(
    wish: BookingRequest, sandbox: SandboxClient
) -> None:
    def late(*args: Any) -> Any:
        assert hear() in (["processed"], [])
        return original(*args)

    original = booker.Booker._is_as_asked
    with mock.patch.object(booker.Booker, "_is_as_asked", late):
        run(wish)
    assert Appointment.objects.get().status == "confirmed"
    assert (len(sandbox.bookings()), confirmations()) == (1, 1)


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"reset": "after"}, {"status": 502, "effect": True}])
def test_it_books_once_when_the_answer_is_lost_after_success(
    wish: BookingRequest, sandbox: SandboxClient, fault: dict[str, Any]
) -> None:
    sandbox.fault("calcom.create_booking", **fault)
    run(wish)
    hear()
    assert Appointment.objects.get().status == "confirmed"
    assert (len(sandbox.bookings()), confirmations()) == (1, 1)


def test_it_books_once_when_the_answer_takes_longer_than_we_wait(
    wish: BookingRequest, sandbox: SandboxClient, settings: Any
) -> None:
    settings.VENDOR_TIMEOUT = 0.5
    sandbox.fault("calcom.create_booking", latency_ms=900)
    with pytest.raises(Unknown):
        run(wish)  # Cal.com is asked for the booking before it has booked.
    settings.VENDOR_TIMEOUT = 5.0
    with time_machine.travel(SANDBOX_NOW + 2 * booker.JUDGED_AFTER):
        run(wish)
    hear()
    assert Appointment.objects.get().status == "confirmed"
    assert (len(sandbox.bookings("accepted")), confirmations()) == (1, 1)


def test_it_offers_free_times_when_the_slot_is_gone(wish: BookingRequest, sandbox: SandboxClient) -> None:
    sandbox.fill(COLOUR, WISH)
    run(wish)
    follow_up = FollowUp.objects.get()
    assert follow_up.reason == "slot_gone"
    assert 3 <= len(follow_up.alternatives) <= 5
    assert WISH.isoformat() not in follow_up.alternatives
    assert confirmations() == 0


@pytest.mark.parametrize("seed", range(4))
def test_it_ends_at_the_last_word_whatever_the_order(wish: BookingRequest, sandbox: SandboxClient, seed: int) -> None:
    run(wish)
    uid = sandbox.bookings()[0]["uid"]
    for days in (1, 2):
        start = (WISH + timedelta(days=days, hours=-2)).strftime("%Y-%m-%dT%H:%M:%SZ")
        uid = calcom(sandbox, f"/v2/bookings/{uid}/reschedule", start=start, rescheduledBy="kaethe.gruen@example.org")[
            "uid"
        ]
    if seed % 2:
        calcom(sandbox, f"/v2/bookings/{uid}/cancel", cancellationReason="Krank")
    assert set(hear(shuffled=seed)) == {"processed"}
    appointment = Appointment.objects.get()
    assert (appointment.status, appointment.calcom_uid) == ("cancelled" if seed % 2 else "confirmed", uid)
    last = Notification.objects.filter(appointment=appointment, channel="sms").order_by("version").last()
    assert last is not None and last.kind == ("cancellation" if seed % 2 else "rescheduled")


def test_it_confirms_after_the_hosts_yes(wish: BookingRequest, sandbox: SandboxClient) -> None:
    sandbox.switch(confirmation_required=[COLOUR])
    run(wish)
    hear()
    assert (Appointment.objects.get().status, confirmations()) == ("requested", 0)
    calcom(sandbox, f"/v2/bookings/{sandbox.bookings()[0]['uid']}/confirm")
    hear()
    assert (Appointment.objects.get().status, confirmations()) == ("confirmed", 1)


def test_it_calls_back_after_the_hosts_no(wish: BookingRequest, sandbox: SandboxClient) -> None:
    sandbox.switch(confirmation_required=[COLOUR])
    run(wish)
    calcom(sandbox, f"/v2/bookings/{sandbox.bookings()[0]['uid']}/decline", reason="Urlaub")
    hear()
    assert Appointment.objects.get().status == "cancelled"
    assert FollowUp.objects.get().reason == "refused"


def test_it_reads_what_lost_webhooks_did_not_tell(wish: BookingRequest, sandbox: SandboxClient) -> None:
    run(wish)
    sync_calcom_data(company_id=wish.company_id)
    sandbox.switch(webhooks="off")
    uid = sandbox.bookings()[0]["uid"]
    moved = calcom(sandbox, f"/v2/bookings/{uid}/reschedule", start="2026-12-04T09:30:00Z")
    sandbox.fill(COLOUR, WISH)
    sync_calcom_data(company_id=wish.company_id)
    appointment = Appointment.objects.get(call=wish.call)
    assert (appointment.calcom_uid, appointment.status) == (moved["uid"], "confirmed")
    assert Appointment.objects.filter(source="calcom", starts_at=WISH).exists()
    assert hear() == ["processed"]
    appointment.refresh_from_db()
    assert appointment.calcom_uid == moved["uid"]
