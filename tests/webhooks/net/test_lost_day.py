"""A day on which most webhooks were lost: ten minutes after the web is back each call is worked on, once."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from appointments.models import Appointment
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from askpro.dev.sandbox.demo.call import call_object
from askpro.dev.sandbox.demo.callers import somebody
from askpro.dev.sandbox.demo.scenarios import SCENARIOS
from askpro.dev.sandbox.management.commands.seed_demo import seed
from askpro.dev.sandbox.world import COMPANIES
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from calls.models import BookingRequest, Call, PhoneNumber
from tests.webhooks.net.retell import CREATED, KEY, NOW, keep, tell, tick
from webhooks.models import RetellReading, WebhookEvent
from webhooks.models.fingerprint import fingerprint

pytestmark = pytest.mark.django_db

EVENTS = ("call_started", "call_ended", "call_analyzed")
AWAY_FROM, AWAY_UNTIL = NOW - timedelta(hours=3), NOW - timedelta(hours=2)
TICK = timedelta(minutes=5)


def a_day(retell: SandboxClient, clock: Any, count: int) -> list[dict[str, Any]]:
    """The calls of a day: of a third all is told, of a third the start alone, of a third nothing; and nothing at all
    while the web is away.
    """
    calls = []
    for number in range(count):
        ended = NOW - timedelta(days=1) + number * timedelta(days=1) / count
        clock.move_to(ended)
        told = call_object(SCENARIOS["unclear_date"], somebody(), ended + timedelta(days=3), ended)
        keep(retell, told)
        if not AWAY_FROM <= ended < AWAY_UNTIL:
            tell(told, *(EVENTS, ("call_started",), ())[number % 3])
        calls.append(told)
        run_jobs()
    clock.move_to(NOW)
    return calls


def two_ticks(clock: Any) -> None:
    for _ in range(2):
        clock.shift(TICK)
        tick()
        run_jobs(due_or_not=True)


@pytest.mark.parametrize("count", [12, pytest.param(500, marks=pytest.mark.long)])
def test_each_call_of_a_day_with_lost_webhooks_is_worked_on_once(
    retell: SandboxClient, clock: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr("askpro.queues.testing.MOST_RUNS", 100 * count)
    settings.CALCOM_BASE_URL = f"{retell.url}/calcom"
    settings.CALCOM_API_KEY = LOCAL["CALCOM_API_KEY"]
    for company in COMPANIES:
        seed(company)
    PhoneNumber.objects.update(created_at=CREATED)
    # The queues were away with the web: nothing was read since the day began.
    RetellReading.objects.create(fingerprint=fingerprint(KEY), read_until=NOW - timedelta(days=1))
    calls = a_day(retell, clock, count)
    two_ticks(clock)

    ids = {told["call_id"] for told in calls}
    rows = {row.retell_call_id: row for row in Call.objects.all()}
    assert rows.keys() == ids
    assert {row.status for row in rows.values()} == {"analyzed"}
    assert {row.outcome for row in rows.values()} == {"follow_up"}
    assert Counter(BookingRequest.objects.values_list("call__retell_call_id", flat=True)) == dict.fromkeys(ids, 1)
    assert Job.objects.filter(actor_name="extract_call_data").count() == count
    assert Appointment.objects.count() == 0
    assert set(WebhookEvent.objects.values_list("status", flat=True)) == {"processed"}
    assert RetellReading.objects.get().read_until == NOW + 2 * TICK
