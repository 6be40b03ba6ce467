"""Scenarios 2 and 3: Cal.com's answer is lost, or the time is gone before it can be booked."""

from datetime import UTC, datetime

import pytest

from appointments.models import Appointment, FollowUp
from askpro.dev.sandbox.demo.scenarios import SCENARIOS
from askpro.queues.models import Job
from calls.models import BookingRequest
from notifications.models import Notification
from tests.scenarios.traces import ONE_OF_EACH
from tests.scenarios.world import World

pytestmark = pytest.mark.xdist_group("scenarios")

COLOUR = SCENARIOS["slot_gone"].event_type  # one host only


def test_scenario_02_it_finds_its_booking_by_metadata_when_cal_com_times_out(world: World) -> None:
    call = world.call()
    world.vendors.switch(webhooks="off")
    world.vendors.fault("calcom.create_booking", drop="after", latency_ms=2_500)
    world.ring(call)
    world.until_done(world.of(call).is_told)
    assert world.of(call).count() == ONE_OF_EACH
    assert [fault["hits"] for fault in world.vendors.faults()] == [1]
    assert Appointment.objects.get().calcom_uid == world.of(call).bookings[0]["uid"]


def test_scenario_02_it_books_once_when_neither_answer_nor_look_comes_through(world: World) -> None:
    call = world.call()
    world.vendors.switch(webhooks="off")
    world.vendors.fault("calcom.create_booking", reset="after")
    world.vendors.fault("calcom.list_bookings", status=503, times=2)
    world.ring(call)
    world.until_done(world.of(call).is_told)
    assert world.of(call).count() == ONE_OF_EACH
    assert [fault["hits"] for fault in world.vendors.faults()] == [1, 2]
    # The third failure in a row shuts the gate, and costs no try.
    assert Job.objects.get(actor_name="create_appointment_from_call").tries_spent == 1
    # It took seconds, so no person was asked.
    assert not FollowUp.objects.exists()


def test_scenario_02_it_asks_again_when_the_request_never_arrived(world: World) -> None:
    call = world.call()
    world.vendors.fault("calcom.create_booking", drop="before")
    world.ring(call)
    world.until_done(world.of(call).is_told)
    assert world.of(call).count() == ONE_OF_EACH


def test_scenario_03_it_confirms_nothing_when_the_slot_is_gone(world: World) -> None:
    call = world.call("slot_gone")
    slot = world.slot_of(call)
    world.vendors.fill(COLOUR.id, slot)
    world.ring(call)
    world.until_done(lambda: world.of(call).call.outcome == "follow_up")
    follow_up = world.of(call).follow_up
    assert (follow_up.reason, follow_up.status) == ("slot_gone", "open")
    assert follow_up.words.startswith("Färben, ")
    offered = [datetime.fromisoformat(start) for start in follow_up.alternatives]
    assert offered and slot not in offered
    assert follow_up.due_at > datetime.now(UTC)
    assert BookingRequest.objects.get().status == "follow_up"
    told = set(Notification.objects.values_list("kind", "recipient"))
    assert told == {("staff", "salon@example.org"), ("callback", call["from_number"])}
    world.until_done(world.of(call).is_told)
    assert world.of(call).count() == {**ONE_OF_EACH, "appointments": 0, "bookings": 0, "SMS": 1, "e-mails": 0}
    (word,) = world.of(call).messages
    assert "ist leider nicht mehr frei. Wir rufen Sie bis " in word["body"]


def test_scenario_03_of_two_callers_for_the_same_chair_one_gets_it(world: World) -> None:
    slot = world.free_slot(COLOUR)
    calls = [world.call("slot_gone", slot) for _ in range(2)]
    world.begin_to_ring(calls).result()
    world.until_done(lambda: {world.of(call).call.outcome for call in calls} == {"booked", "follow_up"})
    booked, called_back = sorted(calls, key=lambda call: world.of(call).call.outcome)
    world.until_done(world.of(booked).is_told)
    assert world.of(booked).count() == ONE_OF_EACH
    assert world.of(called_back).follow_up.reason == "slot_gone"
    assert set(Notification.objects.filter(call=world.of(called_back).call).values_list("kind", flat=True)) == {
        "staff",
        "callback",
    }
