"""A person at the console, in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.browser.person import Person
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


@pytest.fixture
def person(live_server: Any, browser: Any, console_world: World, settings: Any) -> Iterator[Person]:
    """A person who is logged in and on the start page. An error in the page's JavaScript fails the test."""
    client = Client()
    client.force_login(User.objects.get(username="chefin"))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context = browser.new_context(locale="de-DE", viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page = context.new_page()
    page.set_default_timeout(30_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    person = Person(page, live_server.url)
    person.start()
    yield person
    context.close()
    assert not errors, f"JavaScript errors: {errors}"
