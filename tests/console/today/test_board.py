"""The front page counts right, and only what a person may see."""

from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from askpro.console import queue_board
from askpro.console.today import board
from askpro.queues.models import Job, Supervisor
from calls.models import Call
from tests.console.world import World


def test_it_says_what_to_do_when_nothing_has_happened_yet(admin_client: Client) -> None:
    page = admin_client.get("/admin/").content.decode()

    assert "demo_call" in page
    assert "queues_run" in page


def test_it_counts_todays_work(admin_client: Client, world: World) -> None:
    Call.objects.update(started_at=timezone.now())
    context = admin_client.get("/admin/").context

    assert context["today"]["calls"] == len(world.calls)
    assert context["follow_ups"]["open"] == sum(row.status == "open" for row in world.follow_ups)
    assert context["follow_ups"]["overdue"] == sum(
        row.status == "open" and row.due_at < timezone.now() for row in world.follow_ups
    )
    assert context["events"]["unassigned"] == 1


def test_it_says_why_to_call_back_in_the_companys_language(admin_client: Client, world: World) -> None:
    page = admin_client.get("/admin/")

    for row in page.context["follow_ups"]["next"]:
        assert f"<td>{row.title('de')}</td>" in page.content.decode()
    assert page.context["follow_ups"]["next"]


def test_it_counts_the_queues(world: World) -> None:
    Job.objects.filter(queue_name="low").update(status="queued", ready_at=timezone.now() - timedelta(hours=1))
    lines = {line.name: line for line in queue_board.lines()}

    assert lines["low"].now.ready == Job.objects.filter(queue_name="low").count()
    assert lines["low"].is_late
    assert lines["high"].now.dead == sum(job.status == "dead" and job.queue_name == "high" for job in world.jobs)
    assert not lines["webhooks"].is_late


def test_it_believes_no_worker_whose_supervisor_fell_silent(world: World) -> None:
    assert board.workers() == {"supervisors": 2, "workers": 6}

    Supervisor.objects.update(beat_at=timezone.now() - timedelta(minutes=1))

    assert board.workers() == {"supervisors": 0, "workers": 0}


def test_it_hides_what_a_person_may_not_see(world: World, staff_with: Callable[..., Client]) -> None:
    context = staff_with("calls.view_call").get("/admin/").context

    assert "today" in context
    assert "queues" not in context
    assert "follow_ups" not in context
