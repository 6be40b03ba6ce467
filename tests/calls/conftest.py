from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from askpro.dev.sandbox import world
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from askpro.dev.sandbox.management.commands.seed_demo import seed
from askpro.dev.sandbox.testing import running_sandbox
from calls.models import Company
from tests.webhooks.signing import RETELL_KEY

# A Tuesday, 10:15 in Berlin: the time of the sandbox's Cal.com. The salon is closed on Mondays.
NOW = datetime(2026, 12, 1, 9, 15, tzinfo=UTC)


@pytest.fixture(scope="session")
def vendor() -> Iterator[SandboxClient]:
    with running_sandbox() as client:
        yield client


@pytest.fixture
def sandbox(vendor: SandboxClient, settings: Any) -> Iterator[SandboxClient]:
    """Cal.com on the first of December; its webhooks stay out, as if they were late."""
    vendor.reset()
    vendor.switch(webhooks="off")
    vendor.set_calcom_clock(NOW)
    settings.CALCOM_BASE_URL = f"{vendor.url}/calcom"
    settings.CALCOM_API_KEY = LOCAL["CALCOM_API_KEY"]
    settings.CALCOM_REQUESTS_PER_MINUTE = 0
    settings.RETELL_API_KEYS = [RETELL_KEY]
    settings.TWILIO_BASE_URL = f"{vendor.url}/twilio"
    settings.TWILIO_ACCOUNT_SID = LOCAL["TWILIO_ACCOUNT_SID"]
    settings.TWILIO_AUTH_TOKENS = [LOCAL["TWILIO_AUTH_TOKENS"]]
    with time_machine.travel(NOW, tick=True):
        yield vendor


@pytest.fixture
def salon(sandbox: SandboxClient, db: None) -> Company:
    return seed(world.SALON)
