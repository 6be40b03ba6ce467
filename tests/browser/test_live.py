"""A page that renews itself shows what is new, and leaves alone whoever reads it."""

from typing import Any

import pytest

from askpro.queues.models import FleetEvent
from tests.console.world import World

pytestmark = pytest.mark.browser

RENEW = "dispatchEvent(new Event('online'))"
IS_FOCUSED = "() => document.activeElement === window.held"
HOLD = "link => { window.held = link; link.focus(); document.body.style.minHeight = '4000px'; scrollTo(0, 120) }"
SELECT = "line => getSelection().selectAllChildren(line)"


def test_it_moves_neither_focus_nor_scroll_nor_selection(console: Any, live_server: Any, console_world: World) -> None:
    console.goto(f"{live_server.url}/admin/board/fleet/")
    console.get_by_role("link", name="All", exact=True).evaluate(HOLD)
    scrolled = console.evaluate("scrollY")
    FleetEvent.objects.create(kind="worker_dead", text="Worker 99 of rest died.")

    console.evaluate(RENEW)
    console.get_by_text("Worker 99 of rest died.").wait_for()

    assert console.evaluate(IS_FOCUSED)
    assert console.evaluate("scrollY") == scrolled > 0

    console.get_by_text("Worker 99 of rest died.").evaluate(SELECT)
    FleetEvent.objects.create(kind="worker_dead", text="Worker 100 of rest died.")
    console.evaluate(RENEW)
    console.wait_for_timeout(300)
    assert console.get_by_text("Worker 100 of rest died.").count() == 0
    assert console.evaluate("String(getSelection())") == "Worker 99 of rest died."

    console.evaluate("getSelection().removeAllRanges()")
    console.evaluate(RENEW)
    console.get_by_text("Worker 100 of rest died.").wait_for()


def test_it_says_when_the_connection_is_lost_and_back(console: Any, live_server: Any, console_world: World) -> None:
    console.goto(f"{live_server.url}/admin/board/fleet/")
    console.evaluate("window.kept = fetch; window.fetch = async () => { throw new TypeError() }; 0")
    lost = console.locator("#live-lost")
    assert not lost.is_visible()

    console.evaluate(RENEW)
    lost.wait_for()
    assert "connection is lost" in console.locator("#live-news").inner_text()

    console.evaluate("window.fetch = window.kept; 0")
    console.evaluate(RENEW)
    console.locator("#live-news", has_text="Connected again.").wait_for(state="attached")
    assert not lost.is_visible()
