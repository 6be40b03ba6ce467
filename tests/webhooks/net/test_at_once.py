"""Readings and webhooks that bring the same call at the same moment, in threads with their own transactions."""

from typing import Any

import pytest
import requests

from askpro.dev.sandbox.client import SandboxClient
from askpro.queues.models import Job
from calls.models import PhoneNumber
from tests.calls.test_calls_in_parallel import at_once
from tests.webhooks.net.retell import KEY, call
from tests.webhooks.signing import compact, retell_signature
from webhooks.models import WebhookEvent
from webhooks.net.accounts import Account
from webhooks.net.told import hand_in


@pytest.mark.django_db(transaction=True)
def test_a_call_that_is_handed_in_and_told_at_once_is_one_event_with_one_job(
    retell: SandboxClient, number: PhoneNumber, live_server: Any
) -> None:
    told = call("call_at_once")
    body = compact({"event": "call_analyzed", "call": told})
    headers = {"Content-Type": "application/json", "X-Retell-Signature": retell_signature(body, KEY)}

    def webhook() -> None:
        answer = requests.post(f"{live_server.url}/webhooks/retell/", data=body, headers=headers, timeout=10)
        assert answer.status_code == 204

    readings = [lambda: hand_in(Account(KEY, None), told)] * 4
    assert not at_once(*readings, webhook)
    assert WebhookEvent.objects.count() == 1
    assert Job.objects.filter(actor_name="process_retell_call_ended").count() == 1
