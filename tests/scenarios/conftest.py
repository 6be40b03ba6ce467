"""The scenarios' world: the sandbox, a web server and the queues as real processes, started once."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from askpro.dev.sandbox.credentials import environment as vendors_environment
from askpro.dev.sandbox.management.commands.seed_demo import seed
from askpro.dev.sandbox.testing import running_sandbox
from askpro.dev.sandbox.world import COMPANIES
from askpro.dev.up import ports
from askpro.queues.models import Job
from calls.models import Company
from tests.scenarios.processes import Queues, running_web
from tests.scenarios.world import World, empty_tables
from tests.sentry_sink import Sink, running_sink
from tests.tables import OF_MIGRATE, end_sessions


@pytest.fixture(scope="package")
def db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Replaces pytest-django's fixture, whose transaction hides rows from other processes, and whose flush after each
    test would delete the rows of processes that keep running."""
    with django_db_blocker.unblock():
        yield
        end_sessions()
        empty_tables(kept=OF_MIGRATE)
        connection.close()


@pytest.fixture(scope="package")
def sentry() -> Iterator[Sink]:
    """Where web server and workers report."""
    with running_sink() as sink:
        yield sink


@pytest.fixture(scope="package")
def machine(
    db: None, sentry: Sink, child_environment: Callable[..., dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """All the running processes."""
    logs = tmp_path_factory.mktemp("scenarios")
    port = ports.choose()
    url = f"http://{ports.HOST}:{port}"
    with running_sandbox() as vendors:
        environment = child_environment(
            **vendors_environment(vendors.url, vendors.smtp_port),
            ASKPRO_PUBLIC_URL=url,
            VENDOR_TIMEOUT="2",
            SENTRY_DSN=sentry.dsn,
            LOG_FORMAT="json",
            # What is said at this level, too, must quote nobody.
            LOG_LEVEL="DEBUG",
        )
        queues = Queues(environment, logs / "queues.log")
        try:
            with running_web(environment, port, logs / "web.log"):
                yield World(vendors, url, queues.start())
        finally:
            queues.stop()


@pytest.fixture
def world(machine: World, settings: Any) -> Iterator[World]:
    """The demo companies without quiet hours, and nothing that an earlier test left."""
    settings.SANDBOX_URL, settings.PUBLIC_URL = machine.vendors.url, machine.url
    fresh = World(machine.vendors, machine.url, machine.queues)
    for company in COMPANIES:
        seed(company)
    Company.objects.update(quiet_from="00:00", quiet_until="00:00")
    fresh.vendors.switch(askpro_url=machine.url)
    fresh.queues.start_if_stopped()
    yield fresh
    fresh.stop_everything()
    nobodys = Job.objects.filter(fair_key="company:None").values_list("actor_name", flat=True)
    assert not set(nobodys), "sent without its company"
