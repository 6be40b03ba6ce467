"""What goes past a guard, and what deletes: apart from the usual verbs, with a permission of its own and a reason."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from askpro.console.models import Deed
from askpro.console.permissions import May
from askpro.console.repair.kinds import Asked, kind_of, kinds
from askpro.console.repair.models import Repair
from askpro.queues.chores import prune
from askpro.queues.ids import uuid7
from askpro.queues.metrics import fold
from askpro.queues.models import Attempt, Job
from tests.console.repair.rows import job, worked_off
from tests.console.repair.test_repairing import ask
from tests.console.world import World
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db
GRAVE = [(kind.name, verb.name) for kind in kinds() for verb in kind.verbs if verb.stands_apart]
PURGE, ANYWAY = "/admin/board/repair/failures/purge/", "/admin/board/repair/failures/retry-anyway/"


def done_since() -> Job:
    """A dead job whose work another one has done."""
    same = {"tags": ["request:2"], "kwargs": {"request_id": 2}}
    job("completed", ago=timedelta(minutes=1), **same)
    return job(**same)


def test_these_stand_apart() -> None:
    assert GRAVE == [
        ("failures", "retry-anyway"),
        ("failures", "purge"),
        ("jobs", "retry-anyway"),
        ("jobs", "purge"),
        ("events", "replay-anyway"),
    ]


@pytest.mark.parametrize(("kind", "verb"), GRAVE, ids=lambda each: each)
def test_without_its_permission_it_is_neither_offered_nor_done(
    world: World, staff_with: Callable[..., Client], kind: str, verb: str
) -> None:
    usual = (May.BULK, May.RETRY, May.REPLAY, May.DISCARD)
    client = staff_with(kind_of(kind).permission, "console.view_repair", *usual)
    page = f"/admin/board/repair/{kind}/{verb}/"
    stopped = Repair.objects.create(kind=kind, verb=verb, reason="x", status="halted", total=2, failed=1)

    assert page not in client.get(f"/admin/board/repair/{kind}/").content.decode()
    shown = client.get(f"/admin/console/repair/{stopped.pk}/change/")
    assert shown.status_code == 200 and page not in shown.content.decode()
    assert client.get(page).status_code == 403
    before = Repair.objects.count()
    assert client.post(page, {"reason": "x", "rate": "50"}).status_code == 403
    assert Repair.objects.count() == before


@pytest.mark.parametrize(("kind", "verb"), GRAVE, ids=lambda each: each)
def test_it_takes_a_reason(admin_client: Client, world: World, kind: str, verb: str) -> None:
    before = Repair.objects.count()
    assert ask(admin_client, f"/admin/board/repair/{kind}/{verb}/", {"reason": " "}).status_code == 200
    assert Repair.objects.count() == before


class TestRetryAlthoughDone:
    def test_it_takes_what_retry_leaves_alone_and_nothing_else(self, admin_client: Client) -> None:
        usual, done = job(), done_since()
        ask(admin_client, ANYWAY)
        repair = worked_off()

        assert dict(repair.items.values_list("key", "reason")) == {str(usual.pk): "state", str(done.pk): ""}
        assert (Job.objects.get(pk=usual.pk).status, Job.objects.get(pk=done.pk).status) == ("dead", "queued")

    def test_each_dead_job_is_taken_by_one_of_the_two(self, world: World) -> None:
        done_since()
        kind = kind_of("failures")
        taken = [
            {str(row.pk) for row in verb.judged(kind.rows(), Asked()) if not row.verdict}
            for verb in kind.verbs
            if verb.name in ("retry", "retry-anyway")
        ]

        assert taken[0] & taken[1] == set()
        assert len(taken[0] | taken[1]) == kind.rows().count()


class TestReplayAlthoughDone:
    def test_what_was_processed_is_worked_on_again(self, admin_client: Client, world: World) -> None:
        event = next(each for each in world.events if each.status == "processed" and each.body)
        WebhookEvent.objects.filter(pk=event.pk).update(subject="this one")
        ask(admin_client, "/admin/board/repair/events/replay-anyway/", about="this one")
        assert (worked_off().done, WebhookEvent.objects.get(pk=event.pk).replays) == (1, 1)


class TestDeletion:
    @pytest.fixture(autouse=True)
    def _counted(self) -> None:
        fold.to_the_end()

    def test_its_rows_are_gone_and_the_record_says_who_and_why(self, admin_client: Client) -> None:
        dead, other = job(), job(error_class="calls.Other")
        fold.to_the_end()

        ask(admin_client, PURGE, {"reason": "Testlauf"}, error="calls.Broken")
        repair = worked_off()

        assert (repair.done, repair.skipped, repair.failed) == (1, 0, 0)
        assert not Job.objects.filter(pk=dead.pk).exists()
        assert not Attempt.objects.filter(job_id=dead.pk).exists()
        assert Job.objects.filter(pk=other.pk).exists()
        assert Deed.objects.get(act="repair").reason == "Testlauf"
        assert "Testlauf" in LogEntry.objects.get(object_id=str(dead.pk)).change_message
        assert admin_client.get(f"/admin/console/repair/{repair.pk}/change/").status_code == 200

    def test_the_count_stands_before_the_reason(self, admin_client: Client) -> None:
        job(), job()
        fold.to_the_end()
        assert "Delete for good: 2" in admin_client.get(PURGE).content.decode()

    @pytest.mark.parametrize("status", Job.Status.values)
    def test_only_what_is_over_is_deleted(self, status: str) -> None:
        ours = job(status)
        fold.to_the_end()
        is_over = status in ("dead", "cancelled")

        assert prune.forget_one(ours.pk, "x") is is_over
        assert Job.objects.filter(pk=ours.pk).exists() is not is_over

    def test_what_is_not_in_the_figures_yet_stays(self) -> None:
        ours = job(ago=timedelta(seconds=-60))

        assert not prune.forget_one(ours.pk, "x")
        verb = next(each for each in kind_of("failures").verbs if each.name == "purge")
        assert [row.verdict for row in verb.judged(kind_of("failures").rows(), Asked())] == ["uncounted"]

    def test_no_later_step_of_its_chain_waits_for_ever(self) -> None:
        chain = uuid7()
        dead = job(chain_id=chain, chain_step=0)
        behind = job("waiting", chain_id=chain, chain_step=1)
        fold.to_the_end()

        assert prune.forget_one(dead.pk, "x")
        assert Job.objects.get(pk=behind.pk).status == "cancelled"

    def test_a_job_that_is_not_there_is_no_error(self) -> None:
        assert not prune.forget_one(uuid7(), f"{timezone.now()}")
