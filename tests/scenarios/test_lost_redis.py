"""Scenario 5: Redis loses everything while events are in flight, and workers die: all are worked on, none twice."""

import os
import random
import time

import pytest
from django.db.models import Count

from appointments.models import Appointment, FollowUp
from askpro.dev.sandbox.demo.scenarios import SCENARIOS
from askpro.queues.models import Attempt, Job
from calls.models import BookingRequest, Call
from notifications.models import Notification
from tests.scenarios.traces import ONE_OF_EACH
from tests.scenarios.world import World
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.xdist_group("scenarios")

LONG = os.environ.get("ASKPRO_TEST_LONG") == "1"
CALLS = 334 if LONG else 50
EVENTS = 3 * CALLS
BOOKED_OF = 5  # one in this many callers names a clear time, the others are called back
BLOWS = 30 if LONG else 4
PATIENCE = 300.0 if LONG else 60.0


def test_scenario_05_every_event_is_worked_on_once_when_redis_is_emptied_and_workers_die(world: World) -> None:
    seed = int(os.environ.get("ASKPRO_TEST_SEED") or time.time())
    chance = random.Random(seed)
    world.queues.stop()
    whenever = world.free_slot(SCENARIOS["unclear_date"].event_type)
    calls = [
        world.call("unclear_date", whenever) if number % BOOKED_OF else world.call("booked") for number in range(CALLS)
    ]
    world.begin_to_ring(calls).result()
    assert WebhookEvent.objects.filter(status="received").count() == EVENTS
    assert Job.objects.filter(status="queued").count() == EVENTS
    world.empty_redis()

    world.queues.start()
    began, killed = time.monotonic(), 0
    for _ in range(BLOWS):
        time.sleep(chance.uniform(0.1, 0.8))
        killed += world.kill_worker(chance, older_than=0.5)
        world.empty_redis()
    world.until_done(seconds=PATIENCE)
    print(f"\nseed {seed}: {EVENTS} events in {time.monotonic() - began:.1f} s, {killed} workers killed, ", end="")
    print(f"Redis emptied {BLOWS + 1} times, {Attempt.objects.filter(outcome='crashed').count()} runs died")
    booked = calls[::BOOKED_OF]
    world.until_done(lambda: all(world.of(call).is_told() for call in booked))
    assert world.counts(booked) == [ONE_OF_EACH] * len(booked)
    assert_all_happened_once(len(calls), len(booked))


def assert_all_happened_once(calls: int, booked: int) -> None:
    assert not WebhookEvent.objects.exclude(status="processed").exclude(provider="twilio").exists()
    assert set(Job.objects.values_list("status", flat=True)) == {"completed"}
    completed = Attempt.objects.filter(outcome="completed").values("job").annotate(times=Count("claim_no"))
    assert set(completed.values_list("times", flat=True)) == {1}
    assert Call.objects.count() == BookingRequest.objects.count() == calls
    assert Appointment.objects.filter(status="confirmed").count() == Appointment.objects.count() == booked
    follow_ups = FollowUp.objects.values("call").annotate(times=Count("id"))
    assert list(follow_ups.values_list("times", flat=True)) == [1] * (calls - booked)
    steps = Job.objects.filter(chain_id__isnull=False).values("chain_id").annotate(times=Count("id"))
    assert list(steps.values_list("times", flat=True)) == [5] * calls
    # Two to the customer and one to staff for each appointment, one to the caller and one to staff for each follow-up.
    assert Notification.objects.count() == 3 * booked + 2 * (calls - booked)
