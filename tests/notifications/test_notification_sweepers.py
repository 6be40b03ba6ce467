"""Messages whose job is missing get it again."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from askpro.queues.models import Job
from notifications import sweepers
from notifications.models import Notification
from notifications.tasks import check_sms_delivery, send_sms_notification
from notifications.why import Why
from tests.notifications.twilio_api import TwilioApi
from tests.plans import plans

Status = Notification.Status
LATER = timedelta(minutes=3)


def jobs(notification: Notification) -> Any:
    return Job.objects.filter(tags__contains=[f"notification:{notification.pk}"])


def end(notification: Notification, status: str = "dead", error_class: str = "TypeError") -> None:
    jobs(notification).filter(finished_at=None).update(
        status=status, finished_at=timezone.now(), error_class=error_class
    )


@pytest.fixture(autouse=True)
def only_the_sms(sms: Notification) -> None:
    """Delete the mails of the same appointment, which do not matter here."""
    Notification.objects.exclude(pk=sms.pk).update(status=Status.SENT)


@pytest.mark.parametrize("status", ["pending", "sending", "unknown"])
def test_it_gets_a_job_again_when_it_has_none(sms: Notification, clock: time_machine.Traveller, status: str) -> None:
    Notification.objects.filter(pk=sms.pk).update(status=status)
    jobs(sms).delete()
    clock.shift(LATER)
    assert sweepers.resend_forgotten() == 1
    assert [job.actor_name for job in jobs(sms)] == ["send_sms_notification"]
    assert sweepers.resend_forgotten() == 0


@pytest.mark.parametrize("status", Job.LIVE)
def test_it_is_left_alone_while_a_job_lives(sms: Notification, clock: time_machine.Traveller, status: str) -> None:
    jobs(sms).update(status=status)
    clock.shift(timedelta(hours=60))
    assert sweepers.resend_forgotten() == 0
    assert Notification.objects.get(pk=sms.pk).status == Status.PENDING


def test_it_finds_jobs_by_their_tags(sms: Notification, clock: time_machine.Traveller) -> None:
    clock.shift(LATER)
    found = plans(sweepers.resend_forgotten, "queues_job")
    assert found and all("job_tags" in plan for plan in found)


@pytest.mark.parametrize(("status", "after"), [("pending", "skipped"), ("sending", "failed"), ("unknown", "failed")])
def test_it_is_not_sent_after_all_when_somebody_cancelled_its_job(
    sms: Notification, clock: time_machine.Traveller, status: str, after: str
) -> None:
    Notification.objects.filter(pk=sms.pk).update(status=status)
    end(sms, "cancelled", "")
    clock.shift(LATER)
    assert sweepers.resend_forgotten() == 0
    sms.refresh_from_db()
    assert (sms.status, sms.reason) == (after, Why.JOB_CANCELLED)
    assert jobs(sms).count() == 1


def test_it_is_left_alone_while_it_is_new(sms: Notification) -> None:
    jobs(sms).delete()
    assert sweepers.resend_forgotten() == 0


@pytest.mark.parametrize("status", ["sent", "delivered", "failed", "skipped"])
def test_it_is_left_alone_when_it_is_over(sms: Notification, clock: time_machine.Traveller, status: str) -> None:
    Notification.objects.filter(pk=sms.pk).update(status=status)
    jobs(sms).delete()
    clock.shift(LATER)
    assert sweepers.resend_forgotten() == 0


def test_it_waits_longer_after_each_dead_job_and_gives_up_at_last(
    sms: Notification, clock: time_machine.Traveller
) -> None:
    for dead in range(1, 5):
        end(sms)
        clock.shift(timedelta(minutes=15 * dead))
        assert sweepers.resend_forgotten() == 0
        clock.shift(timedelta(seconds=1))
        assert sweepers.resend_forgotten() == 1
    end(sms)
    assert sweepers.resend_forgotten() == 0
    sms.refresh_from_db()
    assert (sms.status, sms.reason) == (Status.FAILED, Why.GIVEN_UP)


def test_it_leaves_to_people_what_people_have_to_mend(sms: Notification, clock: time_machine.Traveller) -> None:
    end(sms, error_class="askpro.queues.errors.Rejected")
    clock.shift(timedelta(hours=5))
    assert sweepers.resend_forgotten() == 0
    assert Notification.objects.get(pk=sms.pk).status == Status.PENDING


def test_it_gives_up_after_two_days(sms: Notification, clock: time_machine.Traveller) -> None:
    end(sms)
    clock.shift(timedelta(hours=49))
    sweepers.sweep()
    assert Notification.objects.get(pk=sms.pk).status == Status.FAILED


def test_it_names_the_error_as_the_engine_does() -> None:
    from askpro.queues.errors import Rejected

    assert f"{Rejected.__module__}.{Rejected.__qualname__}" == sweepers.FOR_PEOPLE


@pytest.fixture
def silent(sms: Notification, twilio: TwilioApi) -> Notification:
    send_sms_notification(sms.pk)
    Job.objects.all().delete()
    return sms


def test_it_asks_about_an_sms_that_nobody_reported_on(
    silent: Notification, twilio: TwilioApi, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(minutes=9))
    assert sweepers.ask_about_unreported() == 0
    clock.shift(timedelta(minutes=2))
    assert sweepers.ask_about_unreported() == 1
    assert sweepers.ask_about_unreported() == 0
    twilio.messages[0] |= {"status": "delivered"}
    check_sms_delivery(silent.pk)
    assert Notification.objects.get(pk=silent.pk).status == Status.DELIVERED


def test_it_asks_once_an_hour_for_a_day(silent: Notification, clock: time_machine.Traveller) -> None:
    asked = 0
    for _ in range(60):
        clock.shift(timedelta(minutes=30))
        asked += sweepers.ask_about_unreported()
    assert asked == 24


def test_it_learns_of_a_failure_by_asking(silent: Notification, twilio: TwilioApi) -> None:
    twilio.messages[0] |= {"status": "undelivered", "error_code": 30005}
    check_sms_delivery(silent.pk)
    silent.refresh_from_db()
    assert (silent.status, silent.error_code) == (Status.FAILED, "30005")


def test_it_stays_sent_when_twilio_does_not_have_it(silent: Notification, twilio: TwilioApi) -> None:
    twilio.messages.clear()
    check_sms_delivery(silent.pk)
    assert Notification.objects.get(pk=silent.pk).status == Status.SENT
