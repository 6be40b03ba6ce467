"""Fixtures of the whole suite, which runs on the real PostgreSQL and Redis that the environment names."""

import gc
import os
import tempfile
from collections.abc import Callable, Generator, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests import template
from tests.spread import pytest_runtest_logreport as pytest_runtest_logreport
from tests.spread import pytest_xdist_make_scheduler as pytest_xdist_make_scheduler

ROOT = Path(__file__).resolve().parents[1]
# Groups that keep one worker busy for minutes, the longest first. Tests of one group never run at the same time.
LONGEST = ("processes", "disasters", "days", "scenarios", "watch")
# Folders of many quick tests, which come last: whatever a worker takes then, the others end at about the same time.
QUICKEST = (ROOT / "tests/calls/german", ROOT / "tests/calls/wishes")
# So many tests of one file are handed to a worker at once: to count, at each test's end, what was handed out one by one
# takes the process that does it longer than the tests that are quickest.
AT_ONCE = 8


def pytest_configure(config: pytest.Config) -> None:
    """Where the suite is spread over processes, they and the servers of tests copy one migrated database."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        template.begin(Path(os.environ.get("ASKPRO_HOME") or tempfile.gettempdir()) / "template.sql")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished() -> None:
    """The tests begin when each process has collected them, and the database has been migrated meanwhile."""
    template.finish()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays to the end: the garbage collector does not look through its 800,000 objects,
    a third of a second each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out unless `manage.py test --long` asked for them. Begin with the longest groups, since a
    worker that took one late would still run it when the others are done, and end with the quickest tests."""
    items.sort(key=_turn)
    if os.environ.get("ASKPRO_TEST_LONG") != "1":
        long = [item for item in items if item.get_closest_marker("long")]
        if long:
            config.hook.pytest_deselected(items=long)
            items[:] = [item for item in items if not item.get_closest_marker("long")]
    _bundle(items)


def _turn(item: pytest.Item) -> int:
    mark = item.get_closest_marker("xdist_group")
    if mark and mark.args[0] in LONGEST:
        return LONGEST.index(mark.args[0])
    return len(LONGEST) + any(folder in item.path.parents for folder in QUICKEST)


def _bundle(items: list[pytest.Item]) -> None:
    alone = [item for item in items if not item.get_closest_marker("xdist_group")]
    for path, tests in groupby(alone, key=lambda item: item.path):
        for number, item in enumerate(tests):
            item.add_marker(pytest.mark.xdist_group(f"{path.relative_to(ROOT)} {number // AT_ONCE}"))


@pytest.fixture(scope="session")
def contracts() -> Path:
    """The vendors' contracts: ../shared/contracts, or ASKPRO_CONTRACTS."""
    folder = Path(os.environ.get("ASKPRO_CONTRACTS") or ROOT.parent / "shared" / "contracts")
    if not (folder / "examples").is_dir():
        message = f"the vendors' contracts are not at {folder}; name their place in ASKPRO_CONTRACTS"
        if os.environ.get("ASKPRO_REQUIRE_CONTRACTS") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture(scope="session")
def child_environment() -> Callable[..., dict[str, str]]:
    """The environment for a process that a test starts, with the test's database."""
    from django.conf import settings
    from django.db import connection

    def environment(**more: str) -> dict[str, str]:
        values = connection.settings_dict
        url = f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"
        own = {
            "DATABASE_URL": url,
            "REDIS_URL": settings.REDIS_URL,
            "DJANGO_SETTINGS_MODULE": "askpro.settings",
        }
        return {**os.environ, **own, **more}

    return environment


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real Chromium, driven by Playwright; skipped without one, failed when ASKPRO_REQUIRE_BROWSER=1."""
    from playwright.sync_api import sync_playwright

    from askpro.dev.up import browser as chromium

    executable = chromium.find()
    if executable is None:
        (pytest.fail if chromium.is_required() else pytest.skip)(chromium.ADVICE)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(executable), args=list(chromium.ARGUMENTS))
        yield running
        running.close()


@pytest.fixture(scope="session", autouse=True)
def _quick_commits(django_db_setup: None, django_db_blocker: Any) -> None:
    """No commit waits for the disk, 4 ms each time; chaos and bench, which are about that, have their own databases."""
    from django.db import connection

    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            name = connection.ops.quote_name(connection.settings_dict["NAME"])
            cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        connection.close()


@pytest.fixture(scope="session", autouse=True)
def _refusals_are_counted_at_once() -> Iterator[None]:
    """Tests refuse more in a second than an attacker does, and look at the counts right away."""
    from webhooks.door import refusal

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refusal, "AT_ONCE", 1_000_000)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_free_times_of_an_earlier_run() -> None:
    """A new database counts its companies from one again, while Redis may be the old one."""
    import redis
    from django.conf import settings

    if settings.REDIS_URL:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            for key in client.scan_iter(f"{settings.REDIS_KEY_PREFIX}:free:*"):
                client.delete(key)


@pytest.fixture(scope="session", autouse=True)
def _quick_flush() -> Iterator[None]:
    """Let tests with `transaction=True` empty only the tables that they wrote to, instead of all, and leave the session
    to the next one."""
    from django.test import TransactionTestCase

    from tests import tables

    def flush(case: TransactionTestCase) -> None:
        tables.end_sessions()
        tables.empty()
        tables.renew_session()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush)
        patch.setattr(TransactionTestCase, "_should_reload_connections", lambda _case: False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _nobody_else_in_the_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """End sessions that threads and killed processes of tests left open, so that the database can be dropped."""
    yield
    from django.db import connection

    # A test may have ended the one that is kept.
    connection.close()
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def browser_page(browser: Any) -> Iterator[Any]:
    """An empty page in a session of its own; an error in the page's JavaScript fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(10_000)
    yield page
    context.close()
    assert not errors, f"JavaScript errors: {errors}"
