from collections.abc import Iterator
from typing import Any

import pytest
import responses
import time_machine

from tests.appointments.calcom_stub import BASE, CalcomStub
from tests.appointments.salon import NOW


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
