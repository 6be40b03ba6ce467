"""One world for all tests that cause alerts for real: it takes seconds to make, and they run one after the other."""

from collections.abc import Iterator
from typing import Any

import pytest

from askpro.dev.up.process import wait_until
from askpro.watch.models import Incident
from tests.watch.world import World


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them in one process of the suite, which `tests/conftest.py` then finds marked."""
    for item in items:
        if "tests/watch/real" in str(item.path):
            item.add_marker(pytest.mark.xdist_group("watch"))


@pytest.fixture(scope="package")
def db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Replaces pytest-django's fixture, whose transaction would hide rows from the processes."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="package")
def machine(db: None) -> Iterator[World]:
    with World() as world:
        yield world


@pytest.fixture
def world(machine: World) -> Iterator[World]:
    """What an earlier test did wrong has ten seconds to be over; a test counts only what it causes itself."""
    wait_until(lambda: not Incident.objects.exclude(status=Incident.Status.OVER).exists(), 10, pause=0.1)
    machine.begin()
    yield machine
    machine.vendors.clear_faults()
    if not machine.watch.is_running():
        machine.watch.start()
