"""A person at the console, in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.console.factories import make_world
from tests.console.world import World

PASSWORD = "a-long-password"


@pytest.fixture
def console_world(transactional_db: None) -> World:
    User.objects.create_superuser("chefin", password=PASSWORD)
    return make_world()


@pytest.fixture
def console(live_server: Any, browser_page: Any, console_world: World) -> Iterator[Any]:
    """A page logged in to the console. A message on its console, or a request to elsewhere, fails the test."""
    complaints: list[str] = []
    elsewhere: list[str] = []
    browser_page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    browser_page.on(
        "request",
        lambda request: (
            None if request.url.startswith((live_server.url, "data:", "blob:")) else elsewhere.append(request.url)
        ),
    )
    browser_page.goto(f"{live_server.url}/admin/")
    browser_page.get_by_label("Username").fill("chefin")
    browser_page.get_by_label("Password").fill(PASSWORD)
    browser_page.get_by_role("button", name="Log in").click()
    browser_page.get_by_role("heading", name="Today", exact=True).wait_for()
    yield browser_page
    assert not complaints
    assert not elsewhere
    assert browser_page.evaluate("window.hacked") is None
