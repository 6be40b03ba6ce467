import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DataError, connection

from appointments.models import CalcomUid
from askpro.queues.jobs import row_with_job
from askpro.queues.models import Job
from calls.models import Company, Service
from tests.webhooks.signing import compact, post_calcom, post_retell, post_twilio, recorded, retell_signature
from webhooks.door.signatures import fingerprint
from webhooks.models import WebhookEvent

Status = WebhookEvent.Status
ENDED = recorded("retell", "call_ended")
CALL_ID = ENDED["call"]["call_id"]


@pytest.mark.django_db
def test_it_writes_event_and_job_when_all_is_right() -> None:
    body = compact(ENDED)
    assert post_retell(body, **{"User-Agent": "Retell/1"}).status_code == 204
    event = WebhookEvent.objects.get()
    assert (event.provider, event.event_type, event.subject) == ("retell", "call_ended", CALL_ID)
    assert (event.event_key, event.status, event.content_type) == (
        f"call_ended:{CALL_ID}",
        "received",
        "application/json",
    )
    assert bytes(event.body) == body and event.payload == ENDED
    assert event.verified_by == fingerprint("key_test_askpro_tests")
    assert set(event.headers) == {"X-Retell-Signature", "User-Agent"}
    assert event.occurred_at is not None and event.occurred_at.timestamp() == ENDED["call"]["end_timestamp"] / 1000
    job = Job.objects.get()
    assert (job.actor_name, job.queue_name, job.kwargs) == (
        "process_retell_call_ended",
        "critical",
        {"event_id": event.pk, "tenant": f"agent:{ENDED['call']['agent_id']}"},
    )
    assert job.tags == [f"event:{event.pk}"]


@pytest.mark.django_db
def test_incident_14_an_event_that_comes_again_counts_on_the_first() -> None:
    body = compact(ENDED)
    answers = [post_retell(body, retell_signature(body, at_ms=None)) for _ in range(3)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(204, b"")}
    event = WebhookEvent.objects.get()
    assert event.duplicates == 2 and event.last_duplicate_at is not None
    assert Job.objects.count() == 1


@pytest.mark.django_db
def test_it_shows_a_conflict_once_when_the_same_key_comes_with_another_body() -> None:
    other = {**ENDED, "call": {**ENDED["call"], "duration_ms": 1}}
    for payload in (ENDED, other, other, {**other, "third": True}):
        assert post_retell(payload).status_code == 204
    first, second, third = WebhookEvent.objects.order_by("id")
    assert (first.status, first.duplicates) == (Status.RECEIVED, 0)
    assert (second.status, second.conflict_of, second.duplicates) == (Status.CONFLICT, first, 1)
    assert second.event_key.startswith(f"call_ended:{CALL_ID}#") and second.payload == other
    assert (third.status, third.conflict_of, third.duplicates) == (Status.CONFLICT, first, 0)
    assert Job.objects.count() == 1


@pytest.mark.django_db
def test_it_keeps_only_the_newest_transcript() -> None:
    told = recorded("retell", "transcript_updated")
    longer = {**told, "call": {**told["call"], "transcript": "User: Und noch etwas.\n"}}
    post_retell(told)
    post_retell(longer)
    event = WebhookEvent.objects.get()
    assert (event.status, event.duplicates, event.payload) == (Status.IGNORED, 1, longer)


@pytest.mark.django_db
def test_it_takes_each_step_of_a_call_and_each_state_of_a_message_for_itself() -> None:
    for name in ("call_started", "call_ended", "call_analyzed", "transfer_started", "transfer_bridged"):
        post_retell(recorded("retell", name))
    moved = recorded("retell", "transfer_started")
    post_retell({**moved, "transfer_destination": {"number": "+493023125277"}})
    for state in ("sent", "delivered", "failed"):
        post_twilio(recorded("twilio", f"status_callback.{state}"))
    assert WebhookEvent.objects.count() == 9
    assert not WebhookEvent.objects.filter(status=Status.CONFLICT).exists()


@pytest.mark.django_db
def test_incident_14_the_same_trigger_at_another_time_is_another_event() -> None:
    told = recorded("calcom", "BOOKING_CANCELLED")
    post_calcom(told)
    post_calcom({**told, "createdAt": "2026-12-01T08:20:00.119Z"})
    assert WebhookEvent.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("setting", ["everything_except_pii", "basic_attributes_only", "something_new"])
def test_it_never_writes_what_was_said_when_the_storage_setting_forbids_it(setting: str) -> None:
    told = recorded("retell", "call_analyzed")
    told["call"]["data_storage_setting"] = setting
    body = compact(told)
    post_retell(body)
    event = WebhookEvent.objects.get()
    kept = bytes(event.body).decode()
    assert "User:" not in kept and "words" not in kept and "recording" not in kept and "call_summary" not in kept
    assert event.payload["call"]["call_id"] == told["call"]["call_id"]
    post_retell(body)
    event.refresh_from_db()
    assert event.duplicates == 1, "the hash is that of the bytes as sent"


FORBIDDEN = {"data_storage_setting": "basic_attributes_only"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "told",
    [
        {"event": "chat_ended", "chat": {"chat_id": "chat_1", "transcript": "Frau Eibe", **FORBIDDEN}},
        {"event": "chat_ended", "chat": {"chat_id": "chat_1", "message_with_tool_calls": ["Frau Eibe"], **FORBIDDEN}},
        {
            "event": "chat_analyzed",
            "chat": {"chat_id": "c", "chat_analysis": {"chat_summary": "Frau Eibe"}, **FORBIDDEN},
        },
        {"event": "call_ended", "call": {"call_id": "call_1", "scrubbed_recording_url": "Frau Eibe", **FORBIDDEN}},
        {"event": "call_ended", "call": {"call_id": "call_1", "transcript_with_tool_calls": "Frau Eibe", **FORBIDDEN}},
        {"name": "book", "args": {"name": "Frau Eibe"}, "call": {"call_id": "call_1", **FORBIDDEN}},
        {"event": "call_ended", "call_id": "call_1", "transcript": "Frau Eibe", **FORBIDDEN},
    ],
)
def test_it_never_writes_what_was_said_wherever_it_stands(told: dict[str, Any]) -> None:
    assert post_retell(told).status_code == 204
    assert "Eibe" not in bytes(WebhookEvent.objects.get().body).decode()


@pytest.mark.django_db
def test_it_still_keeps_which_tools_were_used_when_nothing_said_may_be_kept() -> None:
    told = recorded("retell", "call_ended.booked_by_agent")
    told["call"]["data_storage_setting"] = "basic_attributes_only"
    post_retell(told)
    kept = WebhookEvent.objects.get().payload["call"]["transcript_with_tool_calls"]
    assert {"book_appointment_cal"} <= {turn.get("name", "") for turn in kept}
    assert "arguments" not in json.dumps(kept)


def in_parallel(count: int, work: Callable[[], Any]) -> list[Any]:
    """Run in threads with their own connections and transactions, all released at once."""
    barrier, results = threading.Barrier(count), []

    def run() -> None:
        try:
            barrier.wait(10)
            results.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.mark.django_db(transaction=True)
def test_incident_14_five_deliveries_at_once_are_one_event_and_one_job() -> None:
    body = compact(ENDED)
    answers = in_parallel(5, lambda: post_retell(body).status_code)
    assert answers == [204] * 5
    assert WebhookEvent.objects.get().duplicates == 4
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_shows_one_conflict_when_another_body_comes_five_times_at_once() -> None:
    post_retell(ENDED)
    other = compact({**ENDED, "more": True})
    assert in_parallel(5, lambda: post_retell(other).status_code) == [204] * 5
    conflict = WebhookEvent.objects.get(status=Status.CONFLICT)
    assert conflict.duplicates == 4 and conflict.conflict_of is not None
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_keeps_neither_event_nor_job_when_the_job_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(row_with_job.enqueue.COLUMNS, "status", "(SELECT 1 / 0) || %s")
    with pytest.raises(DataError):
        post_retell(ENDED)
    assert not WebhookEvent.objects.exists() and not Job.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("changes", [{}, {"eventTypeId": None}])
def test_a_webhook_of_calcom_counts_for_the_company_of_its_booking_and_for_no_other(changes: dict[str, Any]) -> None:
    told = recorded("calcom", "BOOKING_CREATED")
    company = Company.objects.create(name="Salon Birke", slug="salon-birke")
    Service.objects.create(company=company, name="Haarschnitt", calcom_event_type_id=told["payload"]["eventTypeId"])
    CalcomUid.objects.create(company=company, uid=told["payload"]["uid"])
    post_calcom(told | {"payload": told["payload"] | changes})
    post_calcom(told | {"payload": told["payload"] | {"eventTypeId": 9, "uid": "nobodys"}})
    known, unknown = Job.objects.order_by("id")
    assert known.kwargs["tenant"] == f"company:{company.pk}"
    assert known.rate_limit == f"calcom-webhooks:company:{company.pk}"
    assert (unknown.rate_limit, unknown.kwargs) == ("calcom-webhooks:", {"event_id": unknown.kwargs["event_id"]})
