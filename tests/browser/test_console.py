"""What support staff do all day, in a real browser."""

import re
from typing import Any

import pytest

from appointments.models import FollowUp
from askpro.queues.models import Batch, FleetCommand, FleetEvent, Job, Pause
from tests.console.repair.rows import gone_on
from tests.console.world import World
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.browser


def test_it_leads_from_a_phone_number_to_the_calls_story(console: Any, console_world: World) -> None:
    call = next(call for call in console_world.calls[1:] if call.outcome == "booked" and call.customer)

    console.get_by_role("button", name=re.compile("Find id, number, name")).click()
    console.get_by_role("combobox", name="Search").press_sequentially(call.from_number.replace("+49", "0"))
    console.locator("#command-results-list a", has_text=call.retell_call_id).click()

    story = console.locator(".ap-story")
    story.get_by_text("Retell webhook call_ended").wait_for()
    for words in ("extract_call_data", "Booking request 1", "Confirmation by SMS"):
        assert story.get_by_text(words).first.is_visible()
    assert console.get_by_text("ich hätte gern einen Termin").is_visible()
    story.get_by_role("link", name="extract_call_data").click()
    console.get_by_role("heading", name="extract_call_data", level=2).wait_for()
    console.get_by_role("link", name=call.retell_call_id).click()
    story.wait_for()


def test_it_shows_a_hostile_call_without_running_it(console: Any, live_server: Any, console_world: World) -> None:
    console.goto(f"{live_server.url}/admin/calls/call/{console_world.calls[0].pk}/change/")
    console.get_by_text("Raw data, as last sent").click()

    assert console.locator("details[open] .ap-code", has_text="window.hacked").is_visible()
    assert console.locator("#content img").count() == 0


def test_it_replays_an_event(console: Any, live_server: Any, console_world: World) -> None:
    failed = next(event for event in console_world.events if event.status == "failed")

    console.goto(f"{live_server.url}/admin/webhooks/webhookevent/{failed.pk}/change/")
    console.get_by_role("link", name="Replay").click()
    console.get_by_role("button", name="Replay").click()

    console.locator(".ap-table").get_by_text("Replayed.", exact=True).wait_for()
    assert WebhookEvent.objects.get(pk=failed.pk).replays == 1


def test_it_retries_dead_jobs_from_the_list(console: Any, live_server: Any, console_world: World) -> None:
    dead = Job.objects.filter(status="dead", queue_name="high")
    assert dead.count() == 1

    console.goto(f"{live_server.url}/admin/queues/job/?status__exact=dead&queue=high")
    console.locator("input.action-select").check()
    console.locator("select[name=action]").select_option("retry")
    console.get_by_role("button", name="Run").click()
    console.get_by_role("button", name="Retry").click()

    console.get_by_text("Sent again.", exact=True).wait_for()
    assert dead.count() == 0


def test_it_resolves_a_follow_up(console: Any, console_world: World) -> None:
    waiting = FollowUp.objects.filter(status="open", customer__name__gt="").exclude(reason="review").first()
    assert waiting is not None

    console.locator("#nav-sidebar a", has_text="Follow-ups").click()
    console.locator("#result_list a", has_text=waiting.title("en")).first.click()
    console.get_by_role("link", name="Resolve").click()
    console.get_by_label("What came of it?").select_option("booked")
    console.get_by_label("What was done?").fill("Zurückgerufen, Termin am Freitag um 10.")
    console.get_by_role("button", name="Resolve").click()

    console.get_by_text("Resolved.", exact=True).wait_for()
    [done] = FollowUp.objects.filter(outcome="booked", resolved_by__isnull=False)
    assert done.note == "Zurückgerufen, Termin am Freitag um 10."


def test_it_pauses_and_resumes_a_queue(console: Any, live_server: Any, console_world: World) -> None:
    console.locator("#nav-sidebar a", has_text="Queues").click()
    console.get_by_role("row", name=re.compile("^high")).get_by_role("link", name="Pause").click()
    console.get_by_text("no host takes jobs of the queue high").wait_for()
    console.get_by_label("How long?").select_option("60")
    console.get_by_label("Why?").fill("Cal.com ist weg")
    console.get_by_role("button", name="Pause").click()

    console.get_by_text(re.compile("Paused until .*: queue high")).wait_for()
    assert Pause.objects.get(name="high").reason == "Cal.com ist weg"
    console.get_by_role("row", name=re.compile("^high")).get_by_role("link", name="Resume").click()
    console.get_by_role("button", name="Resume").click()
    console.get_by_text("Resumed: queue high.").wait_for()
    assert not Pause.objects.filter(name="high").exists()


def test_it_scales_a_pool_and_restarts_a_host(console: Any, live_server: Any, console_world: World) -> None:
    console.goto(f"{live_server.url}/admin/board/fleet/")
    console.get_by_role("row", name=re.compile("^rest")).get_by_role("link", name="Scale").click()
    console.get_by_label("Processes on each host").fill("4")
    console.get_by_label("Why?").fill("Montagmorgen")
    console.get_by_role("button", name="Scale").click()
    console.get_by_text("2 supervisors were told").wait_for()

    console.get_by_role("row", name=re.compile("^askpro-02")).get_by_role("link", name="Restart").click()
    console.get_by_label("Why?").fill("v0.2")
    console.get_by_role("button", name="Restart").click()
    console.get_by_text("1 supervisor was told").wait_for()
    assert FleetCommand.objects.filter(pool="rest", processes=4).count() == 2
    assert FleetEvent.objects.filter(text__contains="restart on askpro-02 (v0.2)").exists()


def test_it_keeps_the_fleet_page_fresh(console: Any, live_server: Any, console_world: World) -> None:
    console.goto(f"{live_server.url}/admin/board/fleet/")
    FleetEvent.objects.create(kind="worker_dead", text="Worker 99 of rest died; 1 jobs are ready again.")

    console.get_by_text("Worker 99 of rest died").wait_for(timeout=15_000)


def test_it_retries_all_jobs_that_died_alike(console: Any, live_server: Any, console_world: World) -> None:
    console.locator("#nav-sidebar a", has_text="Failures").click()
    console.get_by_role("link", name="ValueError").click()
    console.get_by_role("link", name="Retry all 6").click()
    console.get_by_label("Why?").fill("Die Daten sind jetzt da")
    console.get_by_label("Try the newest one first").uncheck()
    console.get_by_role("button", name="Retry: 6").click()

    console.get_by_text("Progress", exact=True).wait_for()
    assert gone_on().done == 6
    assert not Job.objects.filter(status="dead", actor_name="recount_company").exists()


@pytest.mark.parametrize("width", [390, 1440])
def test_it_fits_the_screen(console: Any, live_server: Any, console_world: World, width: int) -> None:
    console.set_viewport_size({"width": width, "height": 844})
    dead = next(job for job in console_world.jobs if job.status == "dead")
    pages = [
        "",
        "calls/call/",
        f"calls/call/{console_world.calls[0].pk}/change/",
        f"queues/job/{dead.pk}/change/",
        f"queues/job/{dead.pk}/retry/",
        f"webhooks/webhookevent/{console_world.events[0].pk}/change/",
        f"appointments/followup/{console_world.follow_ups[0].pk}/change/",
        f"appointments/appointment/{console_world.appointments[0].pk}/change/",
        f"notifications/notification/{console_world.messages[0].pk}/change/",
        f"calls/customer/{console_world.customers[0].pk}/change/",
        f"calls/company/{console_world.companies[0].pk}/change/",
        "board/fleet/",
        "board/queues/",
        "board/metrics/",
        "board/failures/",
        "board/act/pause/?queue=high",
        f"board/chain/{dead.chain_id}/",
        f"queues/batch/{Batch.objects.get(status='open').pk}/change/",
        f"queues/worker/{console_world.workers[0].pk}/change/",
        "queues/fleetevent/",
        "queues/pause/",
    ]
    wide = []
    for page in pages:
        console.goto(f"{live_server.url}/admin/{page}")
        if console.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(page)

    assert not wide


def test_it_is_readable_in_the_dark(console: Any, live_server: Any) -> None:
    console.emulate_media(color_scheme="dark")
    console.goto(f"{live_server.url}/admin/")

    shade = console.evaluate("getComputedStyle(document.querySelector('#main')).backgroundColor")
    ink = console.evaluate("getComputedStyle(document.querySelector('.ap-tile b')).color")
    assert console.evaluate("document.documentElement.classList.contains('dark')")
    assert shade != ink


def test_it_goes_to_the_log_in_when_the_session_has_ended(console: Any, live_server: Any) -> None:
    console.context.clear_cookies()
    console.evaluate("dispatchEvent(new Event('online'))")

    console.get_by_role("button", name="Log in").wait_for()
