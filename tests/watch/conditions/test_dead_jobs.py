"""Dead jobs are told by what they died of, also those that died while nobody watched, and without what callers said."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from askpro.queues import interventions
from askpro.queues.ledger import history
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from askpro.watch.models import Incident
from tests.queues import actors
from tests.watch.conditions.finding import found

pytestmark = pytest.mark.django_db
URGENT, LATER = "critical_and_fails: ValueError", "last_chance: ValueError"


def die(times: int = 1, actor=actors.critical_and_fails, **values: object) -> None:
    for _ in range(times):
        actor.send_with_options(kwargs=values, max_retries=0)
    run_jobs()


def counts(code: str, now: datetime | None = None) -> dict[str, float]:
    return {about: finding.value for about, finding in found(code, now or timezone.now()).items()}


def told(code: str, about: str, told_at: datetime | None = None) -> None:
    """People were told of what is found now."""
    now = timezone.now()
    finding = found(code, now)[about]
    times = {"began_at": now, "seen_at": now, "told_at": told_at or now}
    Incident.objects.create(code=code, about=about, status="open", facts=dict(finding.facts), **times)


def test_many_that_died_of_one_cause_are_one_finding_with_their_number() -> None:
    die(7)
    die(2, actors.last_chance)
    assert counts("dead_jobs_pressing") == {URGENT: 7}
    assert counts("dead_jobs") == {LATER: 2}


def test_many_of_a_queue_that_can_wait_are_pressing_all_the_same() -> None:
    die(9, actors.last_chance)
    assert counts("dead_jobs_pressing") == {}
    die(1, actors.last_chance)
    assert counts("dead_jobs_pressing") == counts("dead_jobs") == {LATER: 10}


def test_one_that_others_of_its_order_pass_by_is_pressing() -> None:
    die(1, actors.ordered, key="a", number=1, fails=True)
    assert counts("dead_jobs_pressing") == {"ordered: ValueError": 1}


def test_it_is_over_when_none_has_died_of_it_for_an_hour_or_all_were_retried() -> None:
    die(2)
    told("dead_jobs_pressing", URGENT)
    assert counts("dead_jobs_pressing", timezone.now() + timedelta(minutes=59)) == {URGENT: 2}
    assert counts("dead_jobs_pressing", timezone.now() + timedelta(minutes=61)) == {}
    for job in Job.objects.all():
        assert interventions.retry(job.pk)
    assert counts("dead_jobs_pressing") == {}


def test_what_died_while_nobody_watched_is_found_for_a_week_until_it_was_told() -> None:
    die(2)
    late = timezone.now() + timedelta(days=6)
    assert counts("dead_jobs_pressing", late) == {URGENT: 2}
    assert counts("dead_jobs_pressing", late + timedelta(days=2)) == {}
    told("dead_jobs_pressing", URGENT)
    found("dead_jobs_pressing", timezone.now())
    assert not Job.objects.filter(alerted_at=None).exists()
    assert counts("dead_jobs_pressing", late) == {}


def test_an_incident_that_nobody_was_told_of_leaves_them_untold() -> None:
    die()
    told("dead_jobs_pressing", URGENT)
    Incident.objects.update(told_at=None)
    found("dead_jobs_pressing", timezone.now())
    assert Job.objects.get().alerted_at is None


def test_what_died_since_is_not_told_yet() -> None:
    die()
    told("dead_jobs_pressing", URGENT)
    die()
    found("dead_jobs_pressing", timezone.now())
    assert Job.objects.filter(alerted_at=None).count() == 1


def test_a_retried_job_that_dies_again_is_untold_again() -> None:
    die()
    told("dead_jobs_pressing", URGENT)
    found("dead_jobs_pressing", timezone.now())
    assert interventions.retry(Job.objects.get().pk)
    run_jobs()
    assert Job.objects.get().alerted_at is None


def test_what_died_of_a_refused_key_is_told_once_of_the_vendor() -> None:
    die(24, actors.last_chance)
    Job.objects.filter(status=Job.Status.DEAD).update(error_class="appointments.calcom.errors.KeyRefused")
    now = timezone.now()
    later = now + timedelta(minutes=3)
    assert counts("dead_jobs") == counts("dead_jobs_pressing") == {}
    # Where nobody has told it of the vendor, it is told here.
    assert counts("dead_jobs_pressing", later) == {"last_chance: KeyRefused": 24}
    times = {"began_at": now, "seen_at": now, "told_at": now}
    incident = Incident.objects.create(code="vendor_refuses_key", about="calcom", status="open", **times)
    assert counts("dead_jobs_pressing", later) == {}
    incident.over_at = now + timedelta(minutes=1)
    incident.save()
    assert counts("dead_jobs_pressing", later) == {}
    incident.over_at = now - timedelta(minutes=1)
    incident.save()
    assert counts("dead_jobs_pressing", later) == {"last_chance: KeyRefused": 24}


def test_nothing_of_a_job_is_quoted() -> None:
    die()
    finding = found("dead_jobs_pressing", datetime.now(UTC))[URGENT]
    assert "withheld" in Job.objects.get().error_message
    assert "somebody" not in repr(finding)


@pytest.mark.django_db(transaction=True)
def test_those_that_were_put_away_are_found_where_they_are() -> None:
    die()
    assert history.put_away(EngineConnection()) == 1
    assert counts("dead_jobs_pressing") == {URGENT: 1}
    told("dead_jobs_pressing", URGENT)
    found("dead_jobs_pressing", timezone.now())
    assert Job.objects.get().alerted_at is not None
