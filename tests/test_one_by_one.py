"""One bad row never stops the others, in all places that work through rows."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from appointments import sweepers as appointment_sweepers
from appointments.booking import waiting
from appointments.models import FollowUp
from appointments.tasks import create_appointment_from_call
from askpro.one_by_one import one_by_one
from askpro.queues.errors import Unavailable
from askpro.queues.models import Job
from calls import sweepers as call_sweepers
from calls.models import BookingRequest, Call, Company
from notifications import sweepers as notification_sweepers
from notifications.models import Notification
from tests.appointments.salon import branch, call, company, request, service
from tests.locks import somebody_holds
from webhooks.inbox import sweepers as webhook_sweepers
from webhooks.inbox.replay import Choice, replay
from webhooks.models import Provider, WebhookEvent

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(hours=1)


def refuse(tag: str) -> None:
    """No job with this tag can be written from now on."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE queues_job ADD CONSTRAINT refused CHECK (NOT tags @> ARRAY['{tag}']::varchar[])")


def served(actor: str) -> int:
    return Job.objects.filter(actor_name=actor).count()


def test_each_has_its_turn_and_leaves_nothing_behind_when_it_fails(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[int] = []

    def act(number: int) -> None:
        company(f"salon-{number}")
        seen.append(number)
        if number == 2:
            raise Unavailable("later")
        if number == 3:
            connection.cursor().execute("SELECT 1 / 0")

    failures = one_by_one([1, 2, 3, 4], act, atomic=True)
    assert seen == [1, 2, 3, 4]
    assert [(row, type(error).__name__) for row, error in failures] == [(2, "Unavailable"), (3, "DataError")]
    assert "DataError" in caplog.text
    assert "Unavailable" not in caplog.text
    assert {of.slug for of in call_companies()} == {"salon-1", "salon-4"}


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_works_on_has_its_turn_next_time(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    rows = [company(f"salon-{number}") for number in (1, 2)]

    def act(row: Company) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
        Company.objects.select_for_update().get(pk=row.pk)

    with somebody_holds(f"SELECT 1 FROM calls_company WHERE id = {rows[0].pk} FOR UPDATE"):
        failures = one_by_one(rows, act, atomic=True)
    assert [row for row, _ in failures] == rows[:1]
    assert f"Company {rows[0].pk} is locked by others" in caplog.text
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


def call_companies() -> Any:
    return Company.objects.filter(slug__startswith="salon-")


def test_a_request_that_cannot_be_swept_stops_no_other() -> None:
    at = branch(company())
    service(at.company)
    first, second = (request(call(at, call_id=f"call_{number}")) for number in (1, 2))
    type(first).objects.update(created_at=timezone.now() - LONG_AGO)
    refuse(f"call:{first.call_id}")
    appointment_sweepers.sweep()
    assert Job.objects.get(actor_name="create_appointment_from_call").tags == [f"call:{second.call_id}"]


def waiting_requests() -> list[BookingRequest]:
    at = branch(company())
    service(at.company)
    requests = [request(call(at, call_id=f"call_{number}"), service=at.company.services.get()) for number in (1, 2)]
    for each in requests:
        create_appointment_from_call.send(call_id=each.call_id)
    BookingRequest.objects.update(created_at=timezone.now() - LONG_AGO)
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE appointments_followup ADD CONSTRAINT refused"
            f" CHECK (booking_request_id <> {requests[0].pk}) NOT VALID"
        )
    return requests


def test_a_waiting_request_that_cannot_be_told_of_stops_no_other() -> None:
    _, second = waiting_requests()
    waiting.tell_of_waiting()
    assert FollowUp.objects.get().booking_request == second


def test_a_waiting_request_that_cannot_be_ended_stops_no_other() -> None:
    first, second = waiting_requests()
    BookingRequest.objects.update(starts_at=timezone.now())
    waiting.end_waiting()
    assert FollowUp.objects.get().booking_request == second
    assert dict(BookingRequest.objects.values_list("pk", "status")) == {first.pk: "open", second.pk: "follow_up"}


def test_a_call_that_cannot_be_swept_stops_no_other() -> None:
    at = branch(company())
    first, second = (call(at, call_id=f"call_{number}", end_heard_at=timezone.now()) for number in (1, 2))
    Call.objects.update(updated_at=timezone.now() - LONG_AGO)
    refuse(f"call:{first.pk}")
    call_sweepers.resend_forgotten()
    assert Job.objects.get(actor_name="extract_call_data").tags == [f"call:{second.pk}"]


def events() -> list[WebhookEvent]:
    values = {"provider": Provider.RETELL, "event_type": "call_ended", "body": b"{}"}
    stored = [WebhookEvent.objects.create(event_key=str(number), **values) for number in (1, 2)]
    WebhookEvent.objects.update(received_at=timezone.now() - LONG_AGO)
    return stored


def test_an_event_that_cannot_be_swept_stops_no_other() -> None:
    first, second = events()
    refuse(f"event:{first.pk}")
    assert webhook_sweepers.resend_forgotten() == 1
    assert Job.objects.get().tags == [f"event:{second.pk}"]


def test_an_event_that_cannot_be_replayed_stops_no_other() -> None:
    first, second = events()
    WebhookEvent.objects.update(status=WebhookEvent.Status.FAILED)
    refuse(f"event:{first.pk}")
    assert replay(Choice().events()) == {"sent": 1, "left": 1}
    assert Job.objects.get().tags == [f"event:{second.pk}"]


def test_a_message_that_cannot_be_swept_stops_no_other() -> None:
    at = branch(company())
    opened = [
        FollowUp.objects.create(company=at.company, reason=FollowUp.Reason.REVIEW, due_at=timezone.now())
        for _ in range(2)
    ]
    rows = [
        Notification.objects.create(
            company=at.company, follow_up=follow_up, kind="staff", channel="email", recipient="team@example.org"
        )
        for follow_up in opened
    ]
    Notification.objects.update(created_at=timezone.now() - LONG_AGO)
    refuse(f"notification:{rows[0].pk}")
    assert notification_sweepers.resend_forgotten() == 1
    assert Job.objects.get().tags == [f"notification:{rows[1].pk}"]
