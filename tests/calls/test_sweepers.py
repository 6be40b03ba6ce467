"""Ended calls that no job reads get their job again, or a person is asked."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.models import FollowUp
from askpro.queues.models import Job
from calls.models import BookingRequest, Call
from calls.sweepers import resend_forgotten
from calls.tasks import extract_call_data
from notifications.models import Notification
from tests.calls.practice import practice, the_call, told
from tests.plans import plans

pytestmark = pytest.mark.django_db


@pytest.fixture
def call() -> Call:
    """A call that ended a while ago, its chain still waiting."""
    practice(notification_email="praxis@example.org")
    told("call_ended")
    Call.objects.update(updated_at=timezone.now() - timedelta(minutes=6))
    return the_call()


def readers() -> int:
    return Job.objects.filter(actor_name="extract_call_data").count()


def end(status: str) -> None:
    Job.objects.filter(actor_name="extract_call_data").update(status=status, finished_at=timezone.now())


def test_it_sends_the_whole_chain_again_when_there_is_none(call: Call) -> None:
    Job.objects.all().delete()
    resend_forgotten()
    resend_forgotten()
    assert Job.objects.filter(tags__contains=[f"call:{call.pk}"]).count() == 5


@pytest.mark.parametrize("status", Job.LIVE)
def test_it_leaves_a_call_to_its_live_job(call: Call, status: str) -> None:
    end(status)
    resend_forgotten()
    assert readers() == 1 and not FollowUp.objects.exists()


@pytest.mark.parametrize("status", [Job.Status.DEAD, Job.Status.CANCELLED])
def test_it_hands_the_call_to_a_person_once_when_its_job_gave_up(call: Call, status: str) -> None:
    end(status)
    resend_forgotten()
    resend_forgotten()
    follow_up = FollowUp.objects.get()
    assert (follow_up.reason, follow_up.call, follow_up.company) == ("job_dead", call, call.company)
    assert Notification.objects.get().follow_up == follow_up
    assert (the_call().outcome, readers()) == ("follow_up", 1)


def test_a_retry_of_the_dead_job_still_reads_the_request_and_frees_the_person(call: Call) -> None:
    end(Job.Status.DEAD)
    resend_forgotten()
    extract_call_data(call_id=call.pk)
    assert BookingRequest.objects.get().status == BookingRequest.Status.OPEN
    assert FollowUp.objects.get().status == FollowUp.Status.OBSOLETE


@pytest.mark.parametrize(
    "changes", [{"extracted_at": timezone.now()}, {"outcome": "no_request"}, {"end_heard_at": None}]
)
def test_it_leaves_a_call_alone_when_it_was_read_or_lasts(call: Call, changes: dict[str, object]) -> None:
    Job.objects.all().delete()
    Call.objects.update(**changes)
    resend_forgotten()
    assert readers() == 0


@pytest.mark.parametrize("outcome", ["booked", "changed", "follow_up"])
def test_incident_06_what_was_settled_on_the_phone_is_read_all_the_same(call: Call, outcome: str) -> None:
    Call.objects.update(outcome=outcome)
    Job.objects.all().delete()
    resend_forgotten()
    assert readers() == 1
    end(Job.Status.DEAD)
    resend_forgotten()
    resend_forgotten()
    assert FollowUp.objects.get().reason == "job_dead"


def test_it_leaves_a_young_call_to_its_chain(call: Call) -> None:
    Job.objects.all().delete()
    Call.objects.update(updated_at=timezone.now())
    resend_forgotten()
    assert readers() == 0


def test_it_looks_at_unread_calls_only(call: Call) -> None:
    (plan,) = plans(resend_forgotten, "calls_call")
    assert "call_unread" in plan
