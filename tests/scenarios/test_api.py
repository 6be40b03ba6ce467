"""A partner's system asks through the API: a real booking at the sandbox's Cal.com, told to the attendee."""

from typing import Any

import pytest
import requests

from appointments.models import Appointment
from askpro.api.models import ApiToken
from askpro.dev.sandbox.world import COMPANIES
from calls.models import Company
from notifications.models import Notification
from tests.scenarios.world import World

pytestmark = pytest.mark.xdist_group("scenarios")


def test_a_request_is_booked_told_and_read(world: World) -> None:
    company = COMPANIES[0]
    event_type = company.event_types[0]
    token = ApiToken(company=Company.objects.get(slug=company.slug), name="Buchungsseite")
    secret = token.renew()
    token.save()
    slot = world.free_slot(event_type)
    wish: dict[str, Any] = {
        "starts_at": slot.isoformat(),
        "service": event_type.title,
        "attendee": {"name": "Ole Linde", "phone": "+4915550100456", "email": "ole.linde@example.org"},
        "sms_consent": True,
    }
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "order-4711"}
    address = f"{world.url}/api/v1/appointment-requests/"

    answers = [requests.post(address, json=wish, headers=headers, timeout=10) for _ in range(3)]
    world.until_done(lambda: Appointment.objects.filter(status="confirmed").exists())

    assert [answer.status_code for answer in answers] == [201, 200, 200]
    state = requests.get(world.url + answers[0].headers["Location"], headers=headers, timeout=10).json()
    assert (state["status"], state["appointment"]["status"]) == ("booked", "confirmed")
    assert {message["channel"] for message in state["messages"]} == {"sms", "email"}
    assert Appointment.objects.get().source == Appointment.Source.API
    assert Notification.objects.filter(kind="confirmation", status__in=["sent", "delivered"]).count() == 2
