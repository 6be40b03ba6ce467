"""Cancelling and moving, against the sandbox's Cal.com: what was asked for is what Cal.com holds, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from appointments import follow_ups
from appointments.changes import unfinished
from appointments.changes.request import Origin, cancel, move
from appointments.models import Appointment, CalcomUid, Change, Detail, FollowUp
from appointments.tasks import (
    cancel_surplus_bookings,
    carry_out_change,
    create_appointment_from_call,
    process_calcom_webhook,
)
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from askpro.queues.errors import JobError, Unknown
from askpro.queues.models import GateState, Job
from askpro.queues.testing import assert_sent
from calls.models import BookingRequest
from notifications.models import Notification
from tests.appointments.conftest import SANDBOX_NOW
from tests.appointments.salon import branch, call, company, customer, request, service, staff
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db(transaction=True)

WISH = datetime(2026, 12, 3, 13, 0, tzinfo=UTC)  # Thursday, 14:00 in Berlin
LATER = datetime(2026, 12, 4, 9, 30, tzinfo=UTC)
LATEST = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)
COLOUR, HOST = 4712, 20817  # one host only
PHONE = Origin(Change.Channel.PHONE)
PATIENCE = 6.0


@pytest.fixture
def wish(sandbox: SandboxClient) -> BookingRequest:
    at = branch(company(calcom_api_key=LOCAL["CALCOM_API_KEY"]))
    colour = service(at.company, COLOUR, name="Färben", duration_minutes=90)
    staff(at, HOST)
    return request(call(at, customer(at.company)), service=colour, starts_at=WISH)


@pytest.fixture
def booked(wish: BookingRequest) -> Appointment:
    create_appointment_from_call(call_id=wish.call_id)
    hear()
    return Appointment.objects.get()


def hear() -> None:
    for event in WebhookEvent.objects.filter(status="received").order_by("id"):
        process_calcom_webhook(event_id=event.pk)


def there(sandbox: SandboxClient) -> dict[str, str]:
    """The live bookings at Cal.com: start by uid."""
    live = [booking for booking in sandbox.bookings() if booking["status"] in ("accepted", "pending")]
    return {booking["uid"]: booking["start"] for booking in live}


def host(sandbox: SandboxClient, uid: str | None, verb: str, **body: Any) -> dict[str, Any]:
    """What a host does at Cal.com, who has agreed to it."""
    by = {"rescheduledBy": "kaethe.gruen@salon-schere.example"} if verb == "reschedule" else {}
    answer = sandbox.calcom("POST", f"/v2/bookings/{uid}/{verb}", key=LOCAL["CALCOM_API_KEY"], **by, **body)
    assert answer.ok, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def kinds() -> list[str]:
    return list(Notification.objects.filter(channel="sms").order_by("id").values_list("kind", flat=True))


def run(change: Change) -> Change:
    """Run the job that was sent for it."""
    assert_sent(carry_out_change, change_id=change.pk, appointment_id=change.appointment_id)
    carry_out_change(change_id=change.pk, appointment_id=change.appointment_id)
    change.refresh_from_db()
    return change


def calm() -> None:
    """Open the gates that failures have shut."""
    GateState.objects.all().delete()


def test_a_cancellation_ends_the_booking_tells_once_and_is_in_the_history(
    booked: Appointment, sandbox: SandboxClient
) -> None:
    change = cancel(booked, Origin(Change.Channel.PHONE, call=booked.call), "bin krank", patience=PATIENCE)
    hear()
    booked.refresh_from_db()
    assert (change.state, booked.status, there(sandbox)) == ("done", "cancelled", {})
    assert (change.channel, change.call, change.before, change.reason) == ("phone", booked.call, WISH, "bin krank")
    assert kinds() == ["confirmation", "cancellation"]
    assert sandbox.bookings()[0]["cancellationReason"] == "Auf Wunsch des Kunden, am Telefon. bin krank"
    assert cancel(booked, PHONE, patience=PATIENCE) == change == Change.objects.get()
    assert not FollowUp.objects.exists()


def test_a_move_takes_the_new_time_tells_once_and_is_in_the_history(
    booked: Appointment, sandbox: SandboxClient
) -> None:
    change = move(booked, LATER, PHONE, patience=PATIENCE)
    hear()
    booked.refresh_from_db()
    assert (change.state, booked.status, booked.starts_at) == ("done", "confirmed", LATER)
    assert there(sandbox) == {booked.calcom_uid: "2026-12-04T09:30:00.000Z"}
    assert (change.kind, change.before, change.starts_at) == ("move", WISH, LATER)
    assert kinds() == ["confirmation", "rescheduled"]
    assert move(booked, LATER, PHONE, patience=PATIENCE) == change == Change.objects.get()
    assert move(booked, WISH, PHONE, patience=PATIENCE).state == "done"
    assert Appointment.objects.get().starts_at == WISH


def test_without_patience_a_job_does_it_and_the_webhook_may_be_first(
    booked: Appointment, sandbox: SandboxClient
) -> None:
    change = move(booked, LATER, Origin(Change.Channel.API))
    assert (change.state, there(sandbox).keys()) == ("waiting", {booked.calcom_uid})
    host(sandbox, booked.calcom_uid, "reschedule", start="2026-12-04T09:30:00Z")
    hear()
    change.refresh_from_db()
    assert (change.state, kinds()) == ("done", ["confirmation", "rescheduled"])
    assert run(change).state == "done"
    assert len(there(sandbox)) == 1


def test_incident_09_a_taken_time_moves_nothing_and_names_others(booked: Appointment, sandbox: SandboxClient) -> None:
    sandbox.fill(COLOUR, LATER)
    asked = move(booked, LATER, PHONE, patience=PATIENCE)
    assert (asked.state, asked.detail) == ("refused", "taken")
    assert len(asked.alternatives) == 5 and LATER.isoformat() not in asked.alternatives
    assert not FollowUp.objects.exists()
    assert run(move(booked, LATER, Origin(Change.Channel.SMS))).state == "refused"
    told = FollowUp.objects.get()
    assert (told.reason, told.detail, told.alternatives) == ("wants_move", "taken", asked.alternatives)
    booked.refresh_from_db()
    assert (booked.starts_at, booked.status, kinds()) == (WISH, "confirmed", ["confirmation", "callback"])


@pytest.mark.parametrize(
    ("word", "state", "status"), [("confirm", "done", "confirmed"), ("decline", "refused", "cancelled")]
)
def test_a_move_waits_for_the_word_of_a_host_who_is_asked(
    booked: Appointment, sandbox: SandboxClient, word: str, state: str, status: str
) -> None:
    sandbox.switch(event_type_kinds={str(COLOUR): {"confirmation": True}})
    change = move(booked, LATER, PHONE, patience=PATIENCE)
    hear()
    booked.refresh_from_db()
    assert (change.state, booked.status) == ("requested", "requested")
    host(sandbox, booked.calcom_uid, word)
    hear()
    change.refresh_from_db()
    booked.refresh_from_db()
    assert (change.state, booked.status) == (state, status)
    assert kinds() == ["confirmation", "requested", "rescheduled" if word == "confirm" else "cancellation"]
    assert Change.objects.filter(channel="calcom").count() == (word == "decline")


@pytest.mark.parametrize("wanted", ["cancel", "move"])
def test_incident_05_a_lost_answer_is_looked_for_and_not_asked_for_twice(
    booked: Appointment, sandbox: SandboxClient, wanted: str
) -> None:
    sandbox.switch(webhooks="off")
    sandbox.fault(f"calcom.{'cancel' if wanted == 'cancel' else 'reschedule'}_booking", drop="after")
    change = (
        cancel(booked, PHONE, patience=PATIENCE)
        if wanted == "cancel"
        else move(booked, LATER, PHONE, patience=PATIENCE)
    )
    assert change.state == "waiting"
    assert FollowUp.objects.get().detail == "change_waits"
    calm()
    assert run(change).state == "done"
    assert list(there(sandbox).values()) == ([] if wanted == "cancel" else ["2026-12-04T09:30:00.000Z"])
    assert FollowUp.objects.get().status == "obsolete"
    assert kinds()[1:] == (["cancellation"] if wanted == "cancel" else ["rescheduled"])


def test_a_hanging_calcom_costs_the_caller_her_patience_and_a_job_completes_it(
    booked: Appointment, sandbox: SandboxClient
) -> None:
    sandbox.fault("calcom.cancel_booking", latency_ms=1500)
    change = cancel(booked, PHONE, patience=0.4)
    assert (change.state, FollowUp.objects.get().status) == ("waiting", "open")
    assert Job.objects.get(actor_name="carry_out_change").status == "scheduled"
    calm()
    assert run(change).state == "done"
    assert (there(sandbox), FollowUp.objects.get().status) == ({}, "obsolete")


def test_crossed_a_customer_who_cancels_while_the_host_moves_has_no_appointment_left(
    booked: Appointment, sandbox: SandboxClient
) -> None:
    sandbox.switch(webhooks="off")
    host(sandbox, booked.calcom_uid, "reschedule", start="2026-12-04T09:30:00Z")
    assert cancel(booked, PHONE, patience=PATIENCE).state == "done"
    booked.refresh_from_db()
    assert (booked.status, booked.starts_at, there(sandbox)) == ("cancelled", LATER, {})
    history = Change.objects.order_by("id").values_list("kind", "channel", "state")
    assert set(history) == {("move", "calcom", "done"), ("cancel", "phone", "done")}


@pytest.mark.parametrize(
    ("verb", "body", "detail"),
    [("reschedule", {"start": "2026-12-04T14:00:00Z"}, "crossed_move"), ("cancel", {}, "crossed_cancel")],
)
def test_crossed_a_move_is_left_to_a_person_when_the_host_was_first(
    booked: Appointment, sandbox: SandboxClient, verb: str, body: dict[str, str], detail: str
) -> None:
    sandbox.switch(webhooks="off")
    host(sandbox, booked.calcom_uid, verb, **body)
    later = call(booked.branch, booked.customer, "call_0b2", outcome="changed")
    change = run(move(booked, LATER, Origin(Change.Channel.CALL, call=later)))
    later.refresh_from_db()
    assert (change.state, change.detail, later.outcome) == ("refused", detail, "follow_up")
    assert FollowUp.objects.get().detail == detail
    booked.refresh_from_db()
    assert list(there(sandbox).values()) == ([] if verb == "cancel" else ["2026-12-04T14:00:00.000Z"])
    assert kinds()[1:] == ["cancellation" if verb == "cancel" else "rescheduled", "callback"]


def test_who_changes_her_mind_gets_what_she_said_last(booked: Appointment, sandbox: SandboxClient) -> None:
    sandbox.switch(webhooks="off")
    sandbox.fault("calcom.reschedule_booking", drop="after")
    first = move(booked, LATER, PHONE, patience=PATIENCE)
    calm()
    second = move(booked, LATEST, PHONE, patience=PATIENCE)
    first.refresh_from_db()
    assert (first.state, second.state) == ("done", "done")
    third = cancel(booked, PHONE)
    fourth = move(booked, LATER, PHONE, patience=PATIENCE)
    assert run(third).state == "replaced"
    assert (fourth.state, list(there(sandbox).values())) == ("done", ["2026-12-04T09:30:00.000Z"])


def test_the_notice_for_changes_binds_customers_and_not_staff(booked: Appointment, sandbox: SandboxClient) -> None:
    booked.company.change_notice_minutes = 60 * 72
    booked.company.save()
    refused = cancel(booked, PHONE, patience=PATIENCE)
    assert (refused.state, refused.detail, len(there(sandbox))) == ("refused", "change_notice", 1)
    assert cancel(booked, PHONE, patience=PATIENCE) == refused
    booked.service.change_notice_minutes = 60
    booked.service.save()
    moved = move(booked, LATER, PHONE, patience=PATIENCE)
    assert moved.state == "done"
    booked.service.change_notice_minutes = None
    booked.service.save()
    assert cancel(booked, Origin(Change.Channel.CONSOLE), patience=PATIENCE).state == "done"


@pytest.mark.parametrize(
    ("to", "detail"),
    [
        (WISH, "same_time"),
        (SANDBOX_NOW - timedelta(hours=1), "time_over"),
        (SANDBOX_NOW + timedelta(minutes=20), "short_notice"),
        (SANDBOX_NOW + timedelta(days=400), "too_far_ahead"),
    ],
)
def test_incident_20_a_time_that_makes_no_sense_is_not_asked_for(
    booked: Appointment, sandbox: SandboxClient, to: datetime, detail: str
) -> None:
    change = move(booked, to, PHONE, patience=PATIENCE)
    assert (change.state, change.detail) == ("refused", detail)
    assert not Job.objects.filter(actor_name="carry_out_change").exists()


def test_an_appointment_that_is_still_being_booked_is_cancelled_with_what_comes_of_it(
    wish: BookingRequest, sandbox: SandboxClient
) -> None:
    sandbox.switch(webhooks="off")
    sandbox.fault("calcom.create_booking", status=503)
    with pytest.raises(JobError):
        create_appointment_from_call(call_id=wish.call_id)
    calm()
    appointment = Appointment.objects.get()
    follow_ups.open_for(wish, FollowUp.Reason.PROVIDER_DOWN, Detail.TAKES_LONG, appointment=appointment)
    assert move(appointment, LATER, PHONE).detail == "not_booked_yet"
    assert cancel(appointment, PHONE, patience=PATIENCE).state == "done"
    wish.refresh_from_db()
    assert (wish.status, there(sandbox), FollowUp.objects.get().status) == ("dropped", {}, "obsolete")
    sandbox.switch(webhooks="blocking")
    answer = sandbox.calcom(
        "POST", "/v2/bookings", key=LOCAL["CALCOM_API_KEY"], eventTypeId=COLOUR, start="2026-12-03T13:00:00Z",
        attendee={"name": "Ole Linde", "email": appointment.calcom_email, "timeZone": "Europe/Berlin"},
        metadata={"askpro_booking_key": str(appointment.booking_key)},
    )  # fmt: skip
    assert answer.ok
    hear()
    cancel_surplus_bookings(appointment_id=appointment.pk)
    appointment.refresh_from_db()
    assert (appointment.status, there(sandbox), kinds()) == ("cancelled", {}, [])


def test_a_customer_who_withdraws_a_request_needs_no_call_back(wish: BookingRequest, sandbox: SandboxClient) -> None:
    sandbox.switch(event_type_kinds={str(COLOUR): {"confirmation": True}})
    create_appointment_from_call(call_id=wish.call_id)
    hear()
    appointment = Appointment.objects.get()
    assert cancel(appointment, PHONE, patience=PATIENCE).state == "done"
    hear()
    wish.refresh_from_db()
    assert (wish.status, there(sandbox), kinds()) == ("dropped", {}, ["requested", "cancellation"])
    assert not FollowUp.objects.exists()


def test_what_hosts_change_is_in_the_history_too(booked: Appointment, sandbox: SandboxClient) -> None:
    new = host(sandbox, booked.calcom_uid, "reschedule", start="2026-12-04T09:30:00Z")
    hear()
    host(sandbox, new["uid"], "cancel", cancellationReason="Wasserschaden")
    hear()
    moved, cancelled = Change.objects.order_by("id")
    assert (moved.channel, moved.kind, moved.before, moved.starts_at) == ("calcom", "move", WISH, LATER)
    assert (cancelled.channel, cancelled.kind, cancelled.reason) == ("calcom", "cancel", "Wasserschaden")
    assert cancelled.before == LATER and cancelled.state == "done"


def test_what_cal_com_has_lost_is_cancelled_here(booked: Appointment, sandbox: SandboxClient) -> None:
    CalcomUid.objects.filter(uid=booked.calcom_uid).update(uid="verschwunden1234567890")
    Appointment.objects.update(calcom_uid="verschwunden1234567890", booking_key=uuid4())
    assert cancel(booked, PHONE, patience=PATIENCE).state == "done"
    booked.refresh_from_db()
    assert (booked.status, booked.cancellation_reason) == ("cancelled", "Das gibt es in Cal.com nicht.")


def test_a_person_who_takes_a_change_over_stops_its_job(booked: Appointment, sandbox: SandboxClient) -> None:
    sandbox.fault("calcom.cancel_booking", status=503, times=2)
    change = cancel(booked, PHONE, patience=PATIENCE)
    assert FollowUp.objects.get().resolve(None, "selbst abgesagt")
    calm()
    assert run(change).state == "refused"
    assert len(there(sandbox)) == 1


def test_a_change_that_waits_gets_a_job_a_person_and_an_end(booked: Appointment, sandbox: SandboxClient) -> None:
    change = cancel(booked, PHONE)
    Change.objects.update(created_at=SANDBOX_NOW - timedelta(minutes=10))
    Job.objects.filter(actor_name="carry_out_change").delete()
    unfinished.resend_forgotten()
    unfinished.tell_of_waiting()
    unfinished.tell_of_waiting()
    assert_sent(carry_out_change, times=1, change_id=change.pk)
    assert FollowUp.objects.get().detail == "change_waits"
    Job.objects.filter(actor_name="carry_out_change").update(status="dead")
    unfinished.resend_forgotten()
    unfinished.resend_forgotten()
    assert FollowUp.objects.get(status="open").detail == "change_failed"
    Appointment.objects.update(starts_at=SANDBOX_NOW - timedelta(hours=1))
    unfinished.end_late()
    unfinished.end_late()
    change.refresh_from_db()
    assert (change.state, FollowUp.objects.get(status="open").detail) == ("refused", "change_too_late")


@pytest.mark.parametrize("wanted", ["cancel", "move"])
def test_the_same_wish_at_once_from_everywhere_is_one_change(
    booked: Appointment, sandbox: SandboxClient, wanted: str
) -> None:
    def ask(number: int) -> str:
        try:
            by = Origin(list(Change.Channel)[number])
            wish = (
                cancel(booked, by, patience=PATIENCE)
                if wanted == "cancel"
                else move(booked, LATER, by, patience=PATIENCE)
            )
            return wish.state
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        states = set(pool.map(ask, range(4)))
    hear()
    assert states <= {"done", "waiting"}
    assert Change.objects.get().state == "done"
    assert list(there(sandbox).values()) == ([] if wanted == "cancel" else ["2026-12-04T09:30:00.000Z"])
    assert kinds() == ["confirmation", "cancellation" if wanted == "cancel" else "rescheduled"]
    assert not FollowUp.objects.filter(status="open").exists()


def test_a_time_that_others_share_is_left_to_a_person(booked: Appointment, sandbox: SandboxClient) -> None:
    CalcomUid.objects.filter(uid=booked.calcom_uid).update(seats={"0123456789abcdef": [SANDBOX_NOW.isoformat(), True]})
    change = run(cancel(booked, Origin(Change.Channel.API)))
    assert (change.state, change.detail, len(there(sandbox))) == ("refused", "shared_time", 1)
    assert FollowUp.objects.get().detail == "shared_time"


def test_nothing_is_moved_to_a_closed_day_except_by_staff(booked: Appointment, sandbox: SandboxClient) -> None:
    day = LATER.date()
    booked.company.closed_days.create(first_day=day, last_day=day, reason="Inventur")
    change = move(booked, LATER, PHONE, patience=PATIENCE)
    assert (change.state, change.told()) == ("refused", "Die Filiale hat an diesem Tag geschlossen: Inventur.")
    assert move(booked, LATER, Origin(Change.Channel.CONSOLE), patience=PATIENCE).state == "done"


def test_words_that_may_not_be_stored_are_neither_kept_nor_sent(booked: Appointment, sandbox: SandboxClient) -> None:
    restricted = call(booked.branch, booked.customer, "call_0b3", variables={"storage": "basic_attributes_only"})
    by = Origin(Change.Channel.PHONE, call=restricted)
    assert cancel(booked, by, "Grippe, siehe evil.example", patience=PATIENCE).reason == ""
    assert sandbox.bookings()[0]["cancellationReason"] == "Auf Wunsch des Kunden, am Telefon."


def test_an_unknown_outcome_is_no_refusal(booked: Appointment, sandbox: SandboxClient) -> None:
    sandbox.fault("calcom.reschedule_booking", status=500)
    change = move(booked, LATER, Origin(Change.Channel.API))
    with pytest.raises(Unknown):
        carry_out_change(change_id=change.pk, appointment_id=booked.pk)
    calm()
    assert run(change).state == "done"
    assert list(there(sandbox).values()) == ["2026-12-04T09:30:00.000Z"]
