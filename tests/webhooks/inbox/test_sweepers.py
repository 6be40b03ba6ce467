from datetime import timedelta

import pytest
from django.utils import timezone

from askpro.queues import interventions
from askpro.queues.models import Job
from tests.plans import plans
from tests.webhooks.signing import post_retell, recorded
from webhooks.inbox.sweepers import resend_forgotten
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db

Status = WebhookEvent.Status


@pytest.fixture
def event() -> WebhookEvent:
    """A received event, old enough that its job must have been sent."""
    post_retell(recorded("retell", "call_ended"))
    WebhookEvent.objects.update(received_at=timezone.now() - timedelta(minutes=3))
    return WebhookEvent.objects.get()


def test_it_leaves_an_event_alone_when_its_job_lives(event: WebhookEvent) -> None:
    assert resend_forgotten() == 0
    assert Job.objects.count() == 1


def test_it_sends_one_new_job_when_there_is_none(event: WebhookEvent) -> None:
    Job.objects.all().delete()
    assert resend_forgotten() == 1
    assert resend_forgotten() == 0
    assert Job.objects.get().kwargs == {"event_id": event.pk}


def test_it_lets_an_event_be_when_somebody_cancelled_its_job(event: WebhookEvent) -> None:
    assert interventions.cancel(Job.objects.get().pk)
    assert resend_forgotten() == 1
    event.refresh_from_db()
    assert (event.status, Job.objects.count()) == (Status.IGNORED, 1) and "cancelled" in event.reason


def test_events_whose_jobs_wait_do_not_crowd_out_a_forgotten_one(
    event: WebhookEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    another = recorded("retell", "call_ended")
    another["call"]["call_id"] = "call_0f5e2d7a9c1b4e6f8a3d5c7b901"
    post_retell(another)
    younger = WebhookEvent.objects.latest("pk")
    WebhookEvent.objects.filter(pk=younger.pk).update(received_at=timezone.now() - timedelta(minutes=2, seconds=30))
    Job.objects.filter(tags__contains=[f"event:{younger.pk}"]).delete()
    monkeypatch.setattr("webhooks.inbox.sweepers.AT_ONCE", 1)
    assert resend_forgotten() == 1
    assert Job.objects.filter(tags__contains=[f"event:{younger.pk}"]).count() == 1


def test_it_marks_the_event_failed_when_its_job_is_dead(event: WebhookEvent) -> None:
    Job.objects.update(status=Job.Status.DEAD, error_class="ValueError", finished_at=timezone.now())
    assert resend_forgotten() == 1
    event.refresh_from_db()
    assert event.status == Status.FAILED and "ValueError" in event.reason
    assert resend_forgotten() == 0


def test_it_finds_jobs_by_their_tags(event: WebhookEvent) -> None:
    Job.objects.update(status=Job.Status.COMPLETED, finished_at=timezone.now())
    found = plans(resend_forgotten, "queues_job")
    assert len(found) == 2 and all("job_tags" in plan and "queues_job_pkey" not in plan for plan in found)


def test_it_waits_when_the_event_is_young(event: WebhookEvent) -> None:
    Job.objects.all().delete()
    WebhookEvent.objects.update(received_at=timezone.now() - timedelta(minutes=1))
    assert resend_forgotten() == 0


def test_a_failed_event_is_worked_on_when_its_dead_job_is_retried(event: WebhookEvent) -> None:
    from askpro.queues.testing import run_jobs

    Job.objects.update(status=Job.Status.DEAD, finished_at=timezone.now())
    resend_forgotten()
    assert interventions.retry(Job.objects.get().pk)
    run_jobs()
    event.refresh_from_db()
    assert event.status == Status.UNASSIGNED


def test_an_event_of_a_vendor_that_only_another_release_knows_is_left_to_it(event: WebhookEvent) -> None:
    Job.objects.all().delete()
    WebhookEvent.objects.create(
        provider="other", event_type="call_ended", event_key="call_ended:1", subject="1", received_at=event.received_at
    )
    assert resend_forgotten() == 1
    assert Job.objects.get().kwargs == {"event_id": event.pk}
    assert WebhookEvent.objects.get(provider="other").status == Status.RECEIVED
