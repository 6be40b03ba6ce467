from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from askpro.queues.jobs.row_with_job import insert_with_job
from askpro.queues.models import Job
from calls.models import Company
from calls.tasks import process_retell_call_ended as actor
from tests.queues import actors

pytestmark = pytest.mark.django_db

INSERT = """
    INSERT INTO calls_company (name, slug, timezone, country, language, is_active, books_appointments, calcom_api_key,
        calcom_handles_notifications, sms_enabled, sms_sender, notification_email, quiet_from, quiet_until, created_at)
    VALUES (%s, %s, 'Europe/Berlin', 'DE', 'de', true, true, '', false, true, '', '', '21:00', '08:00', now())
    ON CONFLICT (slug) DO NOTHING RETURNING id
"""
VARYING = {"_state", "id", "created_at", "ready_at", "deadline_at", "kwargs", "tags"}


def facts(job: Job) -> dict[str, Any]:
    return {name: value for name, value in vars(job).items() if name not in VARYING}


def test_it_writes_the_same_job_as_sending_does() -> None:
    written = insert_with_job(INSERT, ["Salon {} %s 'Birke'", "birke"], actor, "event_id")
    assert written == Company.objects.get().pk
    joined = Job.objects.get()
    actor.send(event_id=written)
    sent = Job.objects.exclude(pk=joined.pk).get()
    assert facts(joined) == facts(sent)
    assert (joined.kwargs, joined.tags) == (sent.kwargs, sent.tags) == ({"event_id": written}, [f"event:{written}"])
    kept, spread = [job.deadline_at - job.ready_at for job in (joined, sent)], timedelta(seconds=1)
    assert abs(kept[0] - kept[1]) < spread


def test_a_key_names_the_row() -> None:
    written = insert_with_job(INSERT, ["Salon", "birke"], actors.tied, "company_id")
    job = Job.objects.get()
    assert (job.lock_key, job.share_key) == (f"tied:{written}", f"some:{written}")
    assert job.fair_key == f"company:{written}"


def test_a_job_that_another_may_stand_for_is_refused() -> None:
    with pytest.raises(ValueError, match="on its own"):
        insert_with_job(INSERT, ["Salon", "birke"], actors.unique, "company_id")
    assert not Company.objects.exists()


def test_it_sends_nothing_when_the_row_is_there_already() -> None:
    assert insert_with_job(INSERT, ["Salon", "birke"], actor, "event_id") is not None
    assert insert_with_job(INSERT, ["Salon", "birke"], actor, "event_id") is None
    assert Job.objects.count() == 1


def test_neither_is_there_when_the_callers_transaction_rolls_back(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        insert_with_job(INSERT, ["Salon", "birke"], actor, "event_id")
        transaction.set_rollback(True)
    assert not Company.objects.exists() and not Job.objects.exists() and not callbacks
