"""Acts: GET asks, POST does, only with the permission, and each is recorded."""

from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models import F
from django.test import Client

from appointments.models import FollowUp
from askpro.console.permissions import May
from askpro.queues.models import Job, Schedule
from tests.console.world import World
from webhooks.models import WebhookEvent

CONFIRMED = {"confirmed": "yes"}


@pytest.fixture
def dead(world: World) -> Job:
    return next(job for job in world.jobs if job.status == "dead")


@pytest.fixture
def failed(world: World) -> WebhookEvent:
    return next(event for event in world.events if event.status == "failed")


def retry_page(job: Job) -> str:
    return f"/admin/queues/job/{job.pk}/retry/"


def test_it_asks_before_it_retries(admin_client: Client, dead: Job) -> None:
    page = admin_client.get(retry_page(dead)).content.decode()

    dead.refresh_from_db()
    assert dead.status == "dead"
    assert dead.actor_name in page
    assert "csrfmiddlewaretoken" in page


def test_it_asks_again_when_a_post_is_not_confirmed(admin_client: Client, dead: Job) -> None:
    admin_client.post(retry_page(dead))

    dead.refresh_from_db()
    assert dead.status == "dead"


def test_it_retries_a_dead_job_and_writes_down_who_did(admin_client: Client, dead: Job) -> None:
    answer = admin_client.post(retry_page(dead), CONFIRMED, follow=True)

    dead.refresh_from_db()
    assert dead.status == "queued"
    assert "Sent again." in answer.content.decode()
    assert LogEntry.objects.get(object_id=str(dead.pk)).user.username == "admin"


def test_it_shows_on_the_page_who_did_what_and_why(admin_client: Client, world: World) -> None:
    waiting = next(job for job in world.jobs if job.status == "waiting")

    admin_client.post(f"/admin/queues/job/{waiting.pk}/cancel/", {**CONFIRMED, "note": "Doppelt <b>gesendet</b>"})

    page = admin_client.get(f"/admin/queues/job/{waiting.pk}/change/").content.decode()
    assert "What people did" in page
    assert "Cancelled: Doppelt &lt;b&gt;gesendet&lt;/b&gt;" in page


def test_it_says_so_when_somebody_was_first(admin_client: Client, dead: Job) -> None:
    admin_client.post(retry_page(dead), CONFIRMED)
    answer = admin_client.post(retry_page(dead), CONFIRMED, follow=True)

    assert "1 skipped" in answer.content.decode()
    assert LogEntry.objects.filter(object_id=str(dead.pk)).count() == 1


def test_it_offers_only_what_the_state_allows(admin_client: Client, world: World, dead: Job) -> None:
    waiting = next(job for job in world.jobs if job.status == "waiting")
    done = next(job for job in world.jobs if job.status == "completed")

    def offered(job: Job) -> list[str]:
        page = admin_client.get(f"/admin/queues/job/{job.pk}/change/")
        return [button["label"] for button in page.context["offered"]]

    assert offered(dead) == ["Retry", "Dry run", "Other arguments"]
    assert (offered(waiting), offered(done)) == (["Cancel", "Pause all of its kind"], [])


def test_it_cancels_a_waiting_job(admin_client: Client, world: World) -> None:
    waiting = next(job for job in world.jobs if job.status == "waiting")

    admin_client.post(f"/admin/queues/job/{waiting.pk}/cancel/", {**CONFIRMED, "note": "Caller rang again."})

    waiting.refresh_from_db()
    assert waiting.status == "cancelled"
    assert "Caller rang again." in LogEntry.objects.get(object_id=str(waiting.pk)).get_change_message()


def test_it_replays_a_failed_event_with_a_new_job(admin_client: Client, failed: WebhookEvent) -> None:
    before = Job.objects.count()

    admin_client.post(f"/admin/webhooks/webhookevent/{failed.pk}/replay/", CONFIRMED)

    failed.refresh_from_db()
    assert (failed.status, failed.replays) == ("received", 1)
    assert Job.objects.count() == before + 1


def test_it_wants_a_reason_to_replay_what_was_processed(admin_client: Client, world: World) -> None:
    done = next(event for event in world.events if event.status == "processed")
    page = f"/admin/webhooks/webhookevent/{done.pk}/replay-anyway/"

    admin_client.post(page, CONFIRMED)
    done.refresh_from_db()
    assert done.status == "processed"

    admin_client.post(page, {**CONFIRMED, "note": "The parser was mended."})
    done.refresh_from_db()
    assert done.status == "received"


def test_it_resolves_a_follow_up_with_a_note(admin_client: Client, world: World) -> None:
    waiting = next(row for row in world.follow_ups if row.status == "open")
    page = f"/admin/appointments/followup/{waiting.pk}/resolve/"

    admin_client.post(page, CONFIRMED)
    assert FollowUp.objects.get(pk=waiting.pk).status == "open"

    note = "Rief zurück, Termin am Freitag."
    for picked in ("", "nonsense"):
        admin_client.post(page, {**CONFIRMED, "note": note, "pick": picked})
    assert FollowUp.objects.get(pk=waiting.pk).status == "open"

    admin_client.post(page, {**CONFIRMED, "note": note, "pick": "booked"})
    waiting.refresh_from_db()
    assert (waiting.status, waiting.note, waiting.outcome) == ("done", note, "booked")
    assert waiting.resolved_by is not None


def test_it_acts_on_selected_rows_after_naming_them(admin_client: Client, world: World, dead: Job) -> None:
    done = next(job for job in world.jobs if job.status == "completed")
    chosen = {"action": "retry", "index": "0", "_selected_action": [str(dead.pk), str(done.pk)]}

    asked = admin_client.post("/admin/queues/job/", chosen)
    dead.refresh_from_db()
    assert dead.status == "dead"
    assert asked.context["count"] == 1
    assert asked.context["skipped"] == 1

    answer = admin_client.post("/admin/queues/job/", {**chosen, **CONFIRMED}, follow=True)
    dead.refresh_from_db()
    assert dead.status == "queued"
    assert "1 sent again." in answer.content.decode()
    assert "1 skipped" in answer.content.decode()


def test_it_refuses_more_rows_than_anybody_has_read(admin_client: Client, world: World) -> None:
    from askpro.console.acts import MOST_AT_ONCE

    jobs = Job.objects.bulk_create(
        Job(actor_name="a", queue_name="low", status="dead", created_at=world.jobs[0].created_at, claim_no=0,
            tries_spent=0, extra_tries=0, losses=0, releases=0, release_reason="", error_class="", error_message="")
        for _ in range(MOST_AT_ONCE + 1)
    )  # fmt: skip
    chosen = {"action": "retry", "index": "0", "_selected_action": [job.pk for job in jobs], **CONFIRMED}
    unseen = {"action": "retry", "index": "0", "select_across": "1", "_selected_action": jobs[0].pk, **CONFIRMED}

    answer = admin_client.post("/admin/queues/job/?status__exact=dead", chosen, follow=True)

    assert "At most" in answer.content.decode()
    assert admin_client.post("/admin/queues/job/?status__exact=dead", unseen).status_code == 400
    assert not Job.objects.filter(actor_name="a").exclude(status="dead").exists()


def test_it_lets_who_may_only_look_do_nothing(
    world: World, dead: Job, failed: WebhookEvent, staff_with: Callable[..., Client]
) -> None:
    client = staff_with("queues.view_job", "webhooks.view_webhookevent", "appointments.view_followup")
    waiting = next(row for row in world.follow_ups if row.status == "open")
    pages = {
        f"/admin/queues/job/{dead.pk}/": "retry",
        f"/admin/webhooks/webhookevent/{failed.pk}/": "replay",
        f"/admin/appointments/followup/{waiting.pk}/": "resolve",
    }

    for page, verb in pages.items():
        assert client.get(f"{page}change/").status_code == 200
        assert client.get(f"{page}change/").context["offered"] == []
        assert client.get(f"{page}{verb}/").status_code == 403
        assert client.post(f"{page}{verb}/", {**CONFIRMED, "note": "x"}).status_code == 403
    chosen = {"action": "retry", "index": "0", "_selected_action": [str(dead.pk)], **CONFIRMED}
    client.post("/admin/queues/job/", chosen)
    assert Job.objects.get(pk=dead.pk).status == "dead"
    assert WebhookEvent.objects.get(pk=failed.pk).replays == 0
    assert not LogEntry.objects.exists()


def test_it_lets_who_may_retry_jobs_do_so(dead: Job, staff_with: Callable[..., Client]) -> None:
    client = staff_with("queues.view_job", May.RETRY)

    assert client.post(retry_page(dead), CONFIRMED).status_code == 302
    assert Job.objects.get(pk=dead.pk).status == "queued"


def test_it_writes_nothing_on_get(admin_client: Client, world: World) -> None:
    def rows() -> list[tuple[object, ...]]:
        jobs = Job.objects.order_by("pk").values_list("pk", "status", "extra_tries")
        events = WebhookEvent.objects.order_by("pk").values_list("pk", "status", "replays")
        return [*jobs, *events, *FollowUp.objects.order_by("pk").values_list("pk", "status", F("note"))]

    before = rows()
    # One of each kind: the pages of all two hundred jobs take ten seconds.
    jobs = {(job.actor_name, job.status): job for job in world.jobs}
    events = {(event.event_type, event.status): event for event in world.events}
    for verb, row in [("retry", "queues/job"), ("cancel", "queues/job"), ("replay", "webhooks/webhookevent")]:
        for made in (jobs if row == "queues/job" else events).values():
            admin_client.get(f"/admin/{row}/{made.pk}/{verb}/?confirmed=yes")
    for made in world.follow_ups:
        admin_client.get(f"/admin/appointments/followup/{made.pk}/resolve/?confirmed=yes&note=x")

    assert rows() == before
    assert not LogEntry.objects.exists()


def test_it_pauses_resumes_and_runs_what_the_clock_sends(admin_client: Client, world: World) -> None:
    row = Schedule.objects.get(name="nightly-recount")
    page = f"/admin/queues/schedule/{row.pk}"

    admin_client.post(f"{page}/pause/", {**CONFIRMED, "note": "Der Server wird umgezogen."})
    row.refresh_from_db()
    assert row.is_paused

    admin_client.post(f"{page}/run-now/", CONFIRMED)
    tick = row.ticks.get()
    assert Job.objects.get(pk=tick.job_id).actor_name == "recount_all"
    shown = admin_client.get(f"{page}/change/").content.decode()
    assert "by hand" in shown
    assert "paused" in shown

    admin_client.post(f"{page}/resume/", CONFIRMED)
    row.refresh_from_db()
    assert row.next_at is not None
    assert LogEntry.objects.filter(object_id=row.pk).count() == 3
