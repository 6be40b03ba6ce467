"""Scenario 1: the same call_ended five times at once, and workers killed at random moments: one of everything."""

import os
import random
import time

import pytest
from django.db.models import Count

from appointments.models import FollowUp
from askpro.queues.models import Attempt
from notifications.models import Notification
from tests.scenarios.traces import ONE_OF_EACH
from tests.scenarios.world import World
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.xdist_group("scenarios")

LONG = os.environ.get("ASKPRO_TEST_LONG") == "1"
ROUNDS = 40 if LONG else 5
CALLS = 3
KILLS = 2
# About the time that three chains take: the kills are spread over it.
CHAIN_SECONDS = 0.8


def test_scenario_01_it_is_done_once_whenever_workers_die(world: World) -> None:
    seed = int(os.environ.get("ASKPRO_TEST_SEED") or time.time())
    print(f"\nseed {seed}")
    chance = random.Random(seed)
    killed, took = 0, []
    for _ in range(ROUNDS):
        calls = [world.call() for _ in range(CALLS)]
        slow_down(world)
        world.until_workers_are_grown_up()
        began = time.monotonic()
        ringing = world.begin_to_ring(calls, call_ended=5)
        for moment in sorted(chance.uniform(0, CHAIN_SECONDS) for _ in range(KILLS)):
            time.sleep(max(0.0, began + moment - time.monotonic()))
            killed += world.kill_worker(chance)
        ringing.result()
        world.until_done(lambda calls=calls: all(world.of(call).is_told() for call in calls))
        assert world.counts(calls) == [ONE_OF_EACH] * CALLS, world.told()
        took.append(time.monotonic() - began)
    report(killed, took)
    assert sum(WebhookEvent.objects.filter(event_type="call_ended").values_list("duplicates", flat=True)) == (
        4 * ROUNDS * CALLS
    )
    assert not FollowUp.objects.exists()
    assert not Notification.objects.exclude(status__in=["sent", "delivered"]).exists()


def report(killed: int, took: list[float]) -> None:
    died_in = Attempt.objects.filter(outcome="crashed").values_list("job__actor_name")
    names = ", ".join(f"{name} {count}" for name, count in died_in.annotate(Count("claim_no")))
    print(f"{len(took) * CALLS} calls, {killed} workers killed, {min(took):.1f} to {max(took):.1f} s a round")
    print(f"killed in: {names}")


def slow_down(world: World) -> None:
    """Make each vendor slow, since a kill does most harm while a request is on its way."""
    world.vendors.clear_faults()
    for route in ("calcom.create_booking", "twilio.create_message"):
        world.vendors.fault(route, latency_ms=200, times=CALLS)
