"""Every example of the contracts and every fixture agrees with the table in docs/webhooks.md."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from appointments.models import Appointment
from askpro.queues import Release
from calls.models import Branch, Company, PhoneNumber, Service
from notifications.models import Notification
from tests.webhooks.signing import FIXTURES, post_calcom, post_retell, post_twilio
from webhooks.door.vendors import VENDORS
from webhooks.inbox.jobs import job_of
from webhooks.models import Provider, WebhookEvent

pytestmark = pytest.mark.django_db

DOC = Path(__file__).parents[2] / "docs" / "webhooks.md"
ROW = re.compile(r"\| (retell|calcom|twilio) \| (\S+) \| (\d+) \| (.*?) ?\| (\w+) \| (\w+) \| (\w+) \|")
TABLE = {(row[1], row[2]): row for row in ROW.finditer(DOC.read_text())}
NOT_WEBHOOKS = ("api.", "signatures", "call_inbound.response", "custom_function.response")


def webhooks_in(folder: Path) -> list[Path]:
    found = [
        path
        for provider in Provider.values
        for path in sorted((folder / provider).glob("*.json"))
        if not path.name.startswith(NOT_WEBHOOKS)
    ]
    assert len(found) > 10
    return found


def deliver(provider: str, payload: dict[str, Any]) -> Any:
    if provider == Provider.TWILIO:
        path = "/webhooks/twilio/status/" if "MessageStatus" in payload else "/webhooks/twilio/inbound/"
        return post_twilio(payload, path)
    return post_retell(payload) if provider == Provider.RETELL else post_calcom(payload)


def make_tenant(provider: str, payload: dict[str, Any]) -> None:
    """The company that the event is about, by the number, the event type or the message that it names."""
    company = Company.objects.create(name="Salon Birke", slug="salon-birke")
    branch = Branch.objects.create(company=company, name="Mitte")
    call = payload.get("call", {})
    ours = call.get("from_number" if call.get("direction") == "outbound" else "to_number") or payload.get("To")
    if provider != Provider.CALCOM and ours:
        PhoneNumber.objects.create(company=company, branch=branch, number=ours)
    if event_type := payload.get("payload", {}).get("eventTypeId"):
        Service.objects.create(company=company, name="Haarschnitt", calcom_event_type_id=event_type)
    if "MessageStatus" in payload:
        at = timezone.now()
        booked = Appointment.objects.create(company=company, starts_at=at, ends_at=at + timedelta(hours=1))
        told = {"company": company, "appointment": booked, "kind": "confirmation", "channel": "sms"}
        sent = {"recipient": payload["To"], "provider_id": payload["MessageSid"]}
        Notification.objects.create(**told, **sent, status="sending")


def work_off(event: WebhookEvent) -> str:
    """Run the event's job until it ends; return the event's state."""
    job = job_of(event)
    if event.status == WebhookEvent.Status.RECEIVED:
        assert job is not None
        try:
            job(event_id=event.pk)
        except Release:
            WebhookEvent.objects.filter(pk=event.pk).update(received_at=timezone.now() - timedelta(hours=1))
            job(event_id=event.pk)
    event.refresh_from_db()
    return str(event.status)


def hold_to_table(path: Path) -> None:
    provider, payload = path.parent.name, json.loads(path.read_text())
    answer = deliver(provider, payload)
    event = WebhookEvent.objects.latest("id")
    stated = TABLE.get((provider, path.stem)) or TABLE[provider, event.event_type]
    assert answer.status_code == int(stated[3]), path.name
    assert bool(answer.content) is bool(stated[4]), path.name
    assert event.status == stated[5], path.name
    assert deliver(provider, payload).status_code == answer.status_code, "a duplicate gets the same answer"
    assert work_off(event) == stated[7], f"{path.name} without a tenant: {event.reason}"
    WebhookEvent.objects.all().delete()
    make_tenant(provider, payload)
    deliver(provider, payload)
    event = WebhookEvent.objects.latest("id")
    assert work_off(event) == stated[6], f"{path.name}: {event.reason}"


@pytest.mark.parametrize("path", webhooks_in(FIXTURES), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_it_does_with_every_fixture_what_the_table_says(path: Path) -> None:
    hold_to_table(path)


def test_it_does_with_every_example_of_the_contracts_what_the_table_says(contracts: Path) -> None:
    for path in webhooks_in(contracts / "examples"):
        with transaction.atomic():
            hold_to_table(path)
            transaction.set_rollback(True)


def test_its_table_names_every_event_that_has_a_job() -> None:
    for provider, vendor in VENDORS.items():
        kinds = {name.partition(".")[0] for of, name in TABLE if of == provider}
        assert set(vendor.jobs) <= kinds
