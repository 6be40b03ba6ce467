"""A job's page, its chain and its batch: what it waits for, what it reported, and what a retry would repeat."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from askpro.console import batch_admin, chain, effects, waiting
from askpro.queues.models import AttemptRow, Batch, GateState, Job, Lock, Pause
from tests.console.world import HOSTILE, World

CONFIRMED = {"confirmed": "yes"}


def page(job: Job) -> str:
    return f"/admin/queues/job/{job.pk}/change/"


def made(**values: object) -> Job:
    words = {"actor_name": "extract_call_data", "queue_name": "high", "status": "released", **values}
    return Job.objects.create(**words)


@pytest.mark.django_db
class TestWaiting:
    def test_it_names_the_key_and_the_job_that_holds_it(self, admin_client: Client) -> None:
        holder = made(status="processing", lock_key="call:1")
        Lock.objects.create(key="call:1", job_id=holder.pk, claim_no=1)
        job = made(lock_key="call:1", release_reason="waits for its lock", releases=2)

        shown = admin_client.get(page(job)).content.decode()

        assert "Waits for the key call:1, which" in shown
        assert page(holder) in shown
        assert waiting.reasons(holder) == []

    def test_it_names_the_earlier_job_where_order_counts(self) -> None:
        earlier = made(status="retrying", lock_key="k", in_order=True, run_at=timezone.now())
        job = made(lock_key="k", in_order=True)

        assert page(earlier) in waiting.reasons(job)[0]

    def test_it_counts_the_places_of_a_shared_key(self) -> None:
        for number in (1, 2):
            Lock.objects.create(key=f"company:3#{number}", job_id=uuid.uuid4(), claim_no=1)

        job = made(share_key="company:3", share_limit=2)
        roomy = made(share_key="company:3", share_limit=3)

        assert waiting.reasons(job) == ["Waits for one of the 2 places of company:3: all are taken."]
        assert waiting.reasons(roomy) == []

    def test_it_names_the_gate_why_it_is_shut_and_its_place_there(self) -> None:
        parked = {"status": "released", "gate": "calcom:0a1b", "run_at": timezone.now() + timedelta(minutes=10)}
        made(**parked, gate_urgency=1)
        job = made(**parked, gate_urgency=2)
        gate = GateState.objects.create(name="calcom:0a1b")

        assert waiting.reasons(job)[1] == "Waits at the gate calcom:0a1b for its turn; jobs before it: 1."

        now = timezone.now()
        GateState.objects.filter(pk=gate.pk).update(shut_since=now, shut_until=now, reason="Cal.com: answered 503")
        assert "The gate calcom:0a1b has been shut since" in waiting.reasons(job)[1]
        assert "Cal.com: answered 503" in waiting.reasons(job)[1]

    def test_it_says_when_the_next_try_is_and_who_paused_it(self) -> None:
        Pause.objects.create(kind="queue", name="high", by="chefin", reason="Umzug")
        Pause.objects.create(kind="actor", name="extract_call_data", until=timezone.now() - timedelta(seconds=1))
        job = made(status="retrying", run_at=timezone.now() + timedelta(minutes=5))

        said = waiting.reasons(job)

        assert "The next try" in said[0]
        assert "in 5 min" in said[0]
        assert said[1] == "The queue high is paused until a person resumes it, by chefin. Reason: Umzug."
        assert len(said) == 2


@pytest.mark.django_db
class TestTheRun:
    def test_it_shows_what_an_attempt_said_and_where_a_stuck_worker_stood(self, admin_client: Client) -> None:
        job = made(status="dead")
        stacks = 'Thread 0x7f (most recent call first):\n  File "calls/tasks.py", line 9 in wait'
        AttemptRow.objects.create(job=job, claim_no=1, outcome="crashed", trace=stacks, log=f"12:00 {HOSTILE}")
        AttemptRow.objects.create(job=job, claim_no=2, outcome="completed", log="13:00 zweiter Versuch")

        shown = admin_client.get(page(job)).content.decode()

        assert "most recent call first" in shown
        assert "zweiter Versuch" in shown
        assert HOSTILE not in shown

    def test_it_names_the_tenant_that_the_job_belongs_to(self, admin_client: Client) -> None:
        shown = admin_client.get(page(made(fair_key="company:3"))).content.decode()
        assert "Tenant" in shown and "company:3" in shown

    def test_it_shows_how_far_a_running_job_is(self, admin_client: Client, world: World) -> None:
        running = next(job for job in world.jobs if job.status == "processing")

        assert "340 of 1200" in admin_client.get(page(running)).content.decode()


@pytest.mark.django_db
class TestActing:
    def test_it_runs_a_job_now_that_waits_for_a_moment(self, admin_client: Client) -> None:
        job = made(status="scheduled", run_at=timezone.now() + timedelta(days=2))

        admin_client.post(f"/admin/queues/job/{job.pk}/run-now/", CONFIRMED)

        job.refresh_from_db()
        assert (job.status, job.run_at) == ("queued", None)

    @pytest.mark.parametrize("status", ["queued", "released", "completed", "processing", "dead"])
    def test_it_offers_that_to_no_other(self, admin_client: Client, status: str) -> None:
        job = made(status=status)

        admin_client.post(f"/admin/queues/job/{job.pk}/run-now/", CONFIRMED)

        job.refresh_from_db()
        assert job.status == status

    def test_it_tells_a_running_job_to_end_once(self, admin_client: Client) -> None:
        job = made(status="processing")

        admin_client.post(f"/admin/queues/job/{job.pk}/cancel/", {**CONFIRMED, "note": "falsch"})

        job.refresh_from_db()
        assert job.cancel_at is not None
        assert "told to end" in admin_client.get(page(job)).content.decode()
        assert "Cancel" not in [button["label"] for button in admin_client.get(page(job)).context["offered"]]

    def test_it_says_what_a_retry_writes_calls_and_finds_done(self, admin_client: Client, world: World) -> None:
        booked = next(row for row in world.appointments if row.call_id)
        job = made(status="dead", actor_name="create_appointment_from_call", tags=[f"call:{booked.call_id}"])

        shown = admin_client.get(f"/admin/queues/job/{job.pk}/retry/").content.decode()

        assert "calls Cal.com: event types, slots, bookings (list, create)" in shown
        assert "At Cal.com now" in shown
        assert ": Confirmation by SMS" in shown

    def test_an_actor_of_another_release_is_said_to_be_one(self) -> None:
        assert "not known to this release" in effects.of_retry([made(actor_name="gone_with_v2", tags=["call:x"])])[0]


@pytest.mark.django_db
class TestChains:
    def chain(self, *states: str) -> list[Job]:
        chain_id = uuid.uuid4()
        now = timezone.now()
        return [
            made(
                status=status,
                chain_id=chain_id,
                chain_step=number,
                finished_at=now if status in Job.FINAL else None,
                error_message="Cal.com antwortet nicht" if status == "dead" else "",
            )
            for number, status in enumerate(states)
        ]

    def test_it_says_where_it_halted_and_resumes_there(self, admin_client: Client) -> None:
        _, dead, _, _ = self.chain("completed", "dead", "waiting", "waiting")
        assert dead.chain_id

        answer = admin_client.get(chain.address(dead.chain_id))
        assert "Halted at step 2" in answer.content.decode()
        assert "Cal.com antwortet nicht" in answer.content.decode()
        assert "2 steps wait behind it" in answer.content.decode()
        admin_client.post(answer.context["resume"], CONFIRMED)

        dead.refresh_from_db()
        assert dead.status == "queued"
        assert "in progress" in admin_client.get(chain.address(dead.chain_id)).content.decode()

    def test_each_step_is_a_box_that_says_how_long_it_took_and_what_waits_for_whom(self, admin_client: Client) -> None:
        done, dead, behind = self.chain("completed", "dead", "waiting")
        began = timezone.now() - timedelta(minutes=10)
        for job, minutes in ((done, 0), (dead, 5)):
            ready = began + timedelta(minutes=minutes)
            Job.objects.filter(pk=job.pk).update(
                created_at=began, ready_at=ready, finished_at=ready + timedelta(minutes=5)
            )
            AttemptRow.objects.create(
                job=job,
                claim_no=1,
                outcome="failed",
                started_at=ready + timedelta(minutes=1),
                finished_at=ready + timedelta(minutes=5),
            )
        assert dead.chain_id

        page = admin_client.get(chain.address(dead.chain_id))

        steps = page.context["steps"]
        assert [step.tone for step in steps] == ["done", "failed", "behind"]
        assert [step.bar for step in steps] == [(0, 100, 400), (500, 100, 400), None]
        shown = " ".join(page.content.decode().split())
        assert shown.count("waited 1 min, ran 4 min") == 2
        assert "waits for step 2" in shown and behind.actor_name in shown

    def test_a_batch_stands_before_the_step_that_waits_for_it(self, admin_client: Client) -> None:
        _, second = self.chain("completed", "waiting")
        batch = Batch.objects.create(name="All branches", total=30, pending=12, chain_id=second.chain_id, chain_step=1)
        assert second.chain_id

        page = admin_client.get(chain.address(second.chain_id))

        assert [step.batch for step in page.context["steps"]] == [None, batch]
        assert "after the batch All branches" in page.content.decode() and "18 of 30" in page.content.decode()

    def test_who_may_only_look_is_offered_nothing(self, staff_with: Callable[..., Client]) -> None:
        dead, _ = self.chain("dead", "waiting")
        assert dead.chain_id

        assert staff_with("queues.view_job").get(chain.address(dead.chain_id)).context["resume"] == ""
        assert staff_with("calls.view_call").get(chain.address(dead.chain_id)).status_code == 403

    def test_a_chain_that_is_not_there_is_no_page(self, admin_client: Client) -> None:
        assert admin_client.get(chain.address(uuid.uuid4())).status_code == 404


class TestBatches:
    def test_it_shows_progress_failures_and_whether_callbacks_were_sent(
        self, admin_client: Client, world: World
    ) -> None:
        still_open = Batch.objects.get(status="open")
        answer = admin_client.get(f"/admin/queues/batch/{still_open.pk}/change/")
        shown = answer.content.decode()

        assert f"{still_open.processed} of 30 are over, 3 of them failed." in shown
        assert "Tag 3 fehlt." in shown
        assert "not yet" in shown
        over = Batch.objects.get(name="import of March")
        assert "sent" in admin_client.get(f"/admin/queues/batch/{over.pk}/change/").content.decode()

    def test_its_members_are_counted_by_state_no_further_than_anybody_reads(
        self, admin_client: Client, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        address = f"/admin/queues/batch/{Batch.objects.get(status='open').pk}/change/"
        page = admin_client.get(address).context
        assert dict(page["states"]) == {"queued": 8, "completed": 19, "dead": 3} and not page["is_capped"]

        monkeypatch.setattr(batch_admin, "MOST_COUNTED", 20)
        page = admin_client.get(address).context
        assert sum(count for _state, count in page["states"]) == 21 and page["is_capped"]

    def test_what_follows_it_is_drawn_below_with_whether_it_was_sent(self, admin_client: Client) -> None:
        jobs = {name: made(status=state) for name, state in (("success", "cancelled"), ("failure", "completed"))}
        ids = {f"on_{name}_id": job.pk for name, job in jobs.items()}
        batch = Batch.objects.create(total=3, pending=1, failed=1, on_finish_id=uuid.uuid4(), **ids)

        page = admin_client.get(f"/admin/queues/batch/{batch.pk}/change/")

        found = [(str(each.when), str(each.sent), each.tone) for each in page.context["callbacks"]]
        assert found == [
            ("On success", "ruled out", "behind"),
            ("On the first failure", "sent", "done"),
            ("At the end", "its job is gone", "done"),
        ]

    def test_it_retries_what_failed(self, admin_client: Client, world: World) -> None:
        over = Batch.objects.get(name="import of March")

        admin_client.post(f"/admin/queues/batch/{over.pk}/retry-failed/", {**CONFIRMED, "note": "Daten da"})

        over.refresh_from_db()
        assert (over.status, over.failed, over.pending, over.generation) == ("open", 0, 3, 2)
        assert Job.objects.filter(batch_id=over.pk, status="queued").count() == 3

    def test_it_cancels_what_has_not_begun(self, admin_client: Client, world: World) -> None:
        still_open = Batch.objects.get(status="open")

        admin_client.post(f"/admin/queues/batch/{still_open.pk}/cancel/", CONFIRMED)
        still_open.refresh_from_db()
        assert still_open.status == "open"
        admin_client.post(f"/admin/queues/batch/{still_open.pk}/cancel/", {**CONFIRMED, "note": "doppelt"})

        still_open.refresh_from_db()
        assert still_open.status == "cancelled"
        assert not Job.objects.filter(batch_id=still_open.pk, status="queued").exists()

    def test_who_may_only_look_does_nothing(self, world: World, staff_with: Callable[..., Client]) -> None:
        client = staff_with("queues.view_batch", "queues.view_job")
        over = Batch.objects.get(name="import of March")

        assert client.get(f"/admin/queues/batch/{over.pk}/change/").context["offered"] == []
        assert client.post(f"/admin/queues/batch/{over.pk}/retry-failed/", CONFIRMED).status_code == 403
