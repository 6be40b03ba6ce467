from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import responses
import time_machine

from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from askpro.dev.sandbox.testing import running_sandbox
from tests.appointments.calcom_stub import BASE, CalcomStub
from tests.appointments.salon import NOW

# A Tuesday: the time of the sandbox's Cal.com.
SANDBOX_NOW = datetime(2026, 12, 1, 9, 15, tzinfo=UTC)


@pytest.fixture
def calendar(settings: Any) -> Iterator[CalcomStub]:
    """Cal.com as a stub; nothing else can be reached."""
    settings.CALCOM_BASE_URL = BASE
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield CalcomStub(mock)


@pytest.fixture
def clock() -> Iterator[Any]:
    """It is Monday, 30 November 2026, 11:00 in Berlin, until a test moves on."""
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxClient]:
    with running_sandbox() as client:
        yield client


@pytest.fixture
def sandbox(sandbox_process: SandboxClient, live_server: Any, settings: Any) -> Iterator[SandboxClient]:
    """Cal.com on the first of December, sending its webhooks to the AskPro under test."""
    sandbox_process.reset()
    sandbox_process.switch(webhooks="blocking", askpro_url=live_server.url)
    sandbox_process.set_calcom_clock(SANDBOX_NOW)
    settings.CALCOM_BASE_URL = f"{sandbox_process.url}/calcom"
    settings.CALCOM_WEBHOOK_SECRETS = [LOCAL["CALCOM_WEBHOOK_SECRETS"]]
    settings.VENDOR_TIMEOUT = 5.0
    with time_machine.travel(SANDBOX_NOW, tick=True):
        yield sandbox_process
