from typing import Any

import pytest

from tests.appointments.calcom_stub import CalcomStub
from tests.appointments.freed import scene as made
from tests.notifications.conftest import vendor_settings  # noqa: F401 - a fixture
from tests.notifications.twilio_api import TwilioApi


@pytest.fixture
def twilio(calendar: CalcomStub) -> TwilioApi:
    return TwilioApi(calendar.mock)


@pytest.fixture
def scene(db: None, clock: Any, twilio: TwilioApi, calendar: CalcomStub) -> made.Scene:
    return made.build(calendar)
