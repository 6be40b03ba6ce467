from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.testing import running_sandbox
from calls.models import PhoneNumber
from tests.calls.practice import practice
from tests.webhooks.net.retell import CREATED, KEY, NOW


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxClient]:
    with running_sandbox() as client:
        yield client


@pytest.fixture
def clock() -> Iterator[Any]:
    """It is Tuesday, 1 December 2026, 13:00 in Berlin, until a test moves on."""
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def retell(sandbox_process: SandboxClient, settings: Any, clock: Any) -> SandboxClient:
    """Retell with one account and no calls; its webhooks reach nobody."""
    sandbox_process.reset()
    sandbox_process.switch(askpro_url="http://127.0.0.1:9", retell_tries=1, webhooks="off")
    settings.RETELL_BASE_URL = f"{sandbox_process.url}/retell"
    settings.RETELL_API_KEYS = [KEY]
    settings.VENDOR_TIMEOUT = 5.0
    return sandbox_process


@pytest.fixture
def number(db: None, clock: Any) -> PhoneNumber:
    """The practice's number, entered long ago."""
    row = practice()
    PhoneNumber.objects.update(created_at=CREATED)
    row.refresh_from_db()
    return row
