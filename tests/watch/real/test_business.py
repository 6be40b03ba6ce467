"""What goes wrong with vendors and messages is caused for real, told once, and its end is told."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from appointments.models import Appointment
from appointments.tasks import create_appointment_from_request, sync_calcom_data
from askpro.dev.sandbox.credentials import LOCAL
from askpro.dev.up.process import wait_until
from askpro.queues.models import Job
from calls.models import Branch
from notifications.models import Notification
from tests.appointments import salon
from tests.watch.world import SPARE, World
from tests.webhooks.silence.rows import events, hours
from webhooks.models import RefusedWebhook

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def here(machine: World) -> Branch:
    at = salon.branch(salon.company())
    salon.service(at.company)
    salon.staff(at)
    return at


def next_thursday() -> datetime:
    """Two in Berlin or so, at least three days ahead."""
    day = timezone.now() + timedelta(days=3)
    return (day + timedelta(days=(3 - day.weekday()) % 7)).replace(hour=13, minute=0, second=0, microsecond=0)


def test_twenty_four_bookings_that_die_of_a_refused_key_are_one_message(world: World, here: Branch) -> None:
    caller = salon.customer(here.company)
    for number in range(24):
        wish = salon.request(salon.call(here, caller, f"call_key_{number}"), starts_at=next_thursday())
        create_appointment_from_request.send(request_id=wish.pk, company_id=here.company_id)
    told = world.told("vendor_refuses_key")
    assert (
        f"Cal.com of company {here.company_id} has refused the key" in " ".join(told.text.split())
        and "cal_test" not in told.text
    )
    dead = Job.objects.filter(actor_name=create_appointment_from_request.actor_name, status=Job.Status.DEAD)
    assert wait_until(lambda: dead.count() == 24, SPARE, pause=0.1)
    assert not world.tellings("dead_jobs") and not world.tellings("dead_jobs_pressing")
    # Minutes later, once all of it has been counted: figures tell by the minute which word was the last.
    time.sleep(1.5)
    for table in ("metrics_delta", "metrics_total"):
        world.sql(f"UPDATE {table} SET at = at - interval '5 minutes' WHERE result = 'key_refused'")
    here.company.calcom_api_key = LOCAL["CALCOM_API_KEY"]
    here.company.save()
    sync_calcom_data.send(company_id=here.company_id)
    world.ended("vendor_refuses_key")
    world.once("vendor_refuses_key")


def test_retell_falls_silent(world: World, here: Branch) -> None:
    """Calls came in every hour of eight weeks; then none for an hour."""
    now = timezone.now()
    every = [now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - HOUR * each for each in range(1, 1344)]
    hours(dict.fromkeys(every, 20), here.company)
    events([now - HOUR], here.company)
    told = world.told("provider_silent")
    assert f"Retell has sent nothing for company {here.company_id} for 60 minutes" in " ".join(told.text.split())
    assert here.company.name not in told.text
    events([timezone.now()], here.company)
    world.ended("provider_silent")
    world.once("provider_silent")


def test_webhooks_are_signed_with_another_secret(world: World) -> None:
    body = json.dumps({"event": "call_ended", "call": {"call_id": "call_0b1"}})
    for _ in range(3):
        signed = {"x-retell-signature": f"v={int(timezone.now().timestamp() * 1000)},d={'0' * 64}"}
        answer = Client().post("/webhooks/retell/", body, content_type="application/json", headers=signed)
        assert answer.status_code == 401
    told = world.told("webhooks_refused")
    assert "3 requests to Retell's address were refused" in " ".join(told.text.split())
    # Two hours later.
    RefusedWebhook.objects.update(hour=timezone.now() - 3 * HOUR)
    world.ended("webhooks_refused")
    world.once("webhooks_refused")


def test_messages_reach_nobody(world: World) -> None:
    here = salon.branch(salon.company("salon-esche"))
    appointment = Appointment.objects.create(
        company=here.company,
        branch=here,
        customer=salon.customer(here.company, "+4915550100789"),
        starts_at=next_thursday(),
        ends_at=next_thursday() + HOUR,
    )
    for version in range(1, 6):
        Notification.objects.create(
            company=here.company,
            appointment=appointment,
            kind=Notification.Kind.CONFIRMATION,
            channel=Notification.Channel.SMS,
            version=version,
            status=Notification.Status.FAILED,
            recipient="+4915550100789",
            reason="landline",
            reason_facts={"code": 30006},
        )
    told = world.told("messages_undeliverable")
    assert "5 of 5 messages by sms" in " ".join(told.text.split())
    assert "50100789" not in told.text
    Notification.objects.filter(version__lte=3).update(status=Notification.Status.DELIVERED)
    world.ended("messages_undeliverable")
    world.once("messages_undeliverable")
