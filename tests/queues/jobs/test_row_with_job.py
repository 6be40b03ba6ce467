from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from askpro.queues.jobs.row_with_job import insert_with_job
from askpro.queues.models import Job, Pause
from calls.tasks import process_retell_call_ended as actor
from tests.queues import actors

pytestmark = pytest.mark.django_db

# Any table does that gives the row's id: this is one of the engine's own.
INSERT = """
    INSERT INTO queues_pause (kind, name, reason) VALUES ('actor', %s, %s)
    ON CONFLICT (kind, name) DO NOTHING RETURNING id
"""
VARYING = {"_state", "id", "created_at", "ready_at", "deadline_at", "kwargs", "tags"}


def facts(job: Job) -> dict[str, Any]:
    return {name: value for name, value in vars(job).items() if name not in VARYING}


def test_it_writes_the_same_job_as_sending_does() -> None:
    written = insert_with_job(INSERT, ["birke", "{} %s 'Birke'"], actor, "event_id")
    assert written == Pause.objects.get().pk
    joined = Job.objects.get()
    actor.send(event_id=written)
    sent = Job.objects.exclude(pk=joined.pk).get()
    assert facts(joined) == facts(sent)
    assert (joined.kwargs, joined.tags) == (sent.kwargs, sent.tags) == ({"event_id": written}, [f"event:{written}"])
    kept, spread = [job.deadline_at - job.ready_at for job in (joined, sent)], timedelta(seconds=1)
    assert abs(kept[0] - kept[1]) < spread


def test_a_key_names_the_row() -> None:
    written = insert_with_job(INSERT, ["birke", "Birke"], actors.tied, "company_id")
    job = Job.objects.get()
    assert (job.lock_key, job.share_key) == (f"tied:{written}", f"some:{written}")
    assert job.fair_key == f"company:{written}"


def test_a_job_that_another_may_stand_for_is_refused() -> None:
    with pytest.raises(ValueError, match="on its own"):
        insert_with_job(INSERT, ["birke", "Birke"], actors.unique, "company_id")
    assert not Pause.objects.exists()


def test_it_sends_nothing_when_the_row_is_there_already() -> None:
    assert insert_with_job(INSERT, ["birke", "Birke"], actor, "event_id") is not None
    assert insert_with_job(INSERT, ["birke", "Birke"], actor, "event_id") is None
    assert Job.objects.count() == 1


def test_neither_is_there_when_the_callers_transaction_rolls_back(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        insert_with_job(INSERT, ["birke", "Birke"], actor, "event_id")
        transaction.set_rollback(True)
    assert not Pause.objects.exists() and not Job.objects.exists() and not callbacks
