"""Discarding a dead job, putting a waiting one off, and replacing one by a job with other arguments."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from askpro.queues import Batch, Rejected, chain, corrections, interventions
from askpro.queues.ledger import history
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.models import Batch as BatchRow
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from tests.console.factories import make_world
from tests.queues import actors

pytestmark = pytest.mark.django_db
SOON = timedelta(hours=3)


def dead() -> Job:
    """A job that gave up."""
    actors.last_chance.send()
    run_jobs()
    return Job.objects.get(actor_name="last_chance", status="dead")


class TestDiscarding:
    def test_it_stays_with_its_error_and_comes_back_no_more(self) -> None:
        job = dead()
        error = job.error_class

        assert corrections.discard(job.pk, "Kunde hat angerufen")

        job.refresh_from_db()
        assert (job.status, job.error_class, job.release_reason) == ("cancelled", error, "Kunde hat angerufen")
        assert not interventions.retry(job.pk)

    def test_what_is_not_dead_is_left(self) -> None:
        actors.nothing.send(1)
        job = Job.objects.get()
        assert not corrections.discard(job.pk, "x")
        assert not corrections.discard(uuid.uuid4(), "x")
        job.refresh_from_db()
        assert job.status == "queued"

    def test_the_steps_behind_it_are_cancelled_with_it(self) -> None:
        chain([actors.last_chance.message(), actors.nothing.message(1), actors.nothing.message(2)]).send()
        run_jobs()

        corrections.discard(Job.objects.get(status="dead").pk, "x")

        assert list(Job.objects.order_by("chain_step").values_list("status", flat=True)) == ["cancelled"] * 3

    def test_its_batch_has_counted_it_before(self) -> None:
        Batch([actors.last_chance.message(), actors.nothing.message(1)], allow_failures=True).send()
        run_jobs()
        before = BatchRow.objects.values().get()

        corrections.discard(Job.objects.get(status="dead").pk, "x")

        assert BatchRow.objects.values().get() == before

    @pytest.mark.django_db(transaction=True)
    def test_it_is_found_where_failed_jobs_are_put_away(self) -> None:
        job = dead()
        history.put_away(EngineConnection())
        assert corrections.discard(job.pk, "x")
        assert Job.objects.get(pk=job.pk).status == "cancelled"


class TestPuttingOff:
    def test_what_is_ready_waits_for_the_time(self) -> None:
        actors.nothing.send(1)
        job, at = Job.objects.get(), timezone.now() + SOON
        deadline = job.deadline_at

        assert corrections.run_later(job.pk, at)

        job.refresh_from_db()
        assert (job.status, job.run_at, job.ready_at) == ("scheduled", at, None)
        assert job.deadline_at is not None and deadline is not None
        assert abs(job.deadline_at - deadline - SOON) < timedelta(minutes=1)

    def test_what_waits_for_a_time_waits_for_another(self) -> None:
        actors.nothing.send_with_options(args=(1,), delay=60_000)
        job, at = Job.objects.get(), timezone.now() + SOON
        assert corrections.run_later(job.pk, at)
        job.refresh_from_db()
        assert (job.status, job.run_at) == ("scheduled", at)

    @pytest.mark.parametrize("status", ["waiting", "processing", "completed", "dead", "cancelled"])
    def test_what_waits_for_no_time_is_left(self, status: str) -> None:
        actors.nothing.send(1)
        Job.objects.update(status=status)
        assert not corrections.run_later(Job.objects.get().pk, timezone.now() + SOON)

    def test_what_waits_at_a_gate_comes_in_when_there_is_room(self) -> None:
        actors.nothing.send(1)
        Job.objects.update(status="released", run_at=timezone.now(), gate="calcom")
        assert not corrections.run_later(Job.objects.get().pk, timezone.now() + SOON)


class TestReplacing:
    def test_the_new_one_runs_with_the_other_arguments_and_each_names_the_other(self, effects: Any) -> None:
        job = dead()
        Job.objects.filter(pk=job.pk).update(actor_name="step", kwargs={"name": "falsch"})

        corrections.replace(job.pk, [], {"name": "richtig"}, "Tippfehler")
        run_jobs()

        new, old = Job.objects.exclude(pk=job.pk).get(), Job.objects.get(pk=job.pk)
        assert effects() == ["richtig"]
        assert (old.status, old.kwargs, old.release_reason) == ("cancelled", {"name": "falsch"}, "Tippfehler")
        assert old.options[corrections.REPLACED_BY] == str(new.pk)
        assert new.options[corrections.REPLACES] == str(old.pk)
        assert new.options["correlation"] == str(old.pk)

    def test_it_is_done_once(self) -> None:
        job = dead()
        Job.objects.filter(pk=job.pk).update(actor_name="nothing")
        assert corrections.replace(job.pk, [1], {}, "x")
        assert corrections.replace(job.pk, [1], {}, "x") is None
        assert Job.objects.count() == 2

    @pytest.mark.parametrize("kwargs", [{}, {"name": 7}, {"name": "x", "other": 1}, {"name": None}])
    def test_arguments_that_do_not_fit_are_refused_and_nothing_changes(self, kwargs: dict[str, Any]) -> None:
        job = dead()
        Job.objects.filter(pk=job.pk).update(actor_name="step")
        with pytest.raises(ValueError, match="step"):
            corrections.replace(job.pk, [], kwargs, "x")
        job.refresh_from_db()
        assert (job.status, Job.objects.count()) == ("dead", 1)

    def test_the_guard_judges_them(self) -> None:
        job, world = dead(), make_world()
        call = world.calls[0]
        other = next(each for each in world.companies if each.pk != call.company_id)
        Job.objects.filter(pk=job.pk).update(actor_name="identify_customer")
        with pytest.raises(Rejected, match="does not belong"):
            corrections.replace(job.pk, [], {"call_id": call.pk, "company_id": other.pk}, "x")
        assert corrections.replace(job.pk, [], {"call_id": call.pk, "company_id": call.company_id}, "x")

    def test_what_no_actor_of_this_release_does_is_refused(self) -> None:
        job = dead()
        Job.objects.filter(pk=job.pk).update(actor_name="of_another_release")
        with pytest.raises(corrections.NoSuchActor):
            corrections.replace(job.pk, [], {}, "x")

    def test_it_takes_its_place_in_chain_and_batch(self, effects: Any) -> None:
        Batch([[actors.last_chance.message(), actors.step.message(name="danach")]], allow_failures=True).send()
        run_jobs()
        job = Job.objects.get(status="dead")
        Job.objects.filter(pk=job.pk).update(actor_name="step", kwargs={"name": "davor"})

        corrections.replace(job.pk, [], {"name": "statt dessen"}, "x")
        run_jobs()

        assert effects() == ["statt dessen", "danach"]
        row = BatchRow.objects.get()
        assert (row.status, row.pending, row.failed) == ("finished", 0, 0)

    def test_it_belongs_to_the_same_story(self) -> None:
        job = dead()
        told = str(uuid.uuid4())
        Job.objects.filter(pk=job.pk).update(actor_name="nothing", options={"correlation": told, "max_retries": 7})
        corrections.replace(job.pk, [1], {}, "x")
        new = Job.objects.exclude(pk=job.pk).get()
        assert (new.options["correlation"], new.options["max_retries"]) == (told, 7)
