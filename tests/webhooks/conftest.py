from typing import Any

import pytest

from tests.webhooks.signing import CALCOM_SECRET, RETELL_KEY, TWILIO_TOKEN


@pytest.fixture(autouse=True)
def secrets(settings: Any) -> None:
    """Each vendor has an older secret beside the one in use."""
    settings.RETELL_API_KEYS = ["key_test_older", RETELL_KEY]
    settings.CALCOM_WEBHOOK_SECRETS = ["cal_whsec_older", CALCOM_SECRET]
    settings.TWILIO_AUTH_TOKENS = ["0" * 32, TWILIO_TOKEN]
    settings.TWILIO_SHARED_KEYS = {}
    settings.PUBLIC_URL = "https://askpro.example"
