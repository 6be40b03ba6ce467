"""Scenario 4: Cal.com's webhooks come early, late, in the wrong order, twice; the appointment ends up right."""

import itertools
from datetime import datetime

import pytest
from django.core.management import call_command

from appointments.models import Appointment, CalcomUid
from askpro.dev.sandbox.demo.scenarios import SCENARIOS
from askpro.queues.models import Job
from notifications.models import Notification
from tests.scenarios.traces import ONE_OF_EACH
from tests.scenarios.world import Json, World
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.xdist_group("scenarios")

HAIRCUT = SCENARIOS["booked"].event_type


def booked(world: World) -> Json:
    """A call whose appointment is confirmed and told."""
    call = world.call()
    world.ring(call)
    world.until_done(world.of(call).is_told)
    return call


def move(world: World, call: Json) -> datetime:
    """A host moves the appointment at Cal.com, where it gets a new uid."""
    start = world.free_slot(HAIRCUT)
    uid = world.of(call).bookings[0]["uid"]
    host = world.of(call).bookings[0]["hosts"][0]["email"]
    world.host(f"/v2/bookings/{uid}/reschedule", start=f"{start:%Y-%m-%dT%H:%M:%S%z}", rescheduledBy=host)
    return start


def cancel(world: World, call: Json) -> None:
    uid = world.of(call).bookings[0]["uid"]
    world.host(f"/v2/bookings/{uid}/cancel", cancellationReason="Krank")


def replay(world: World) -> None:
    """Every webhook of Cal.com's once more, by the operator's command."""
    world.until_done()
    call_command("replay_webhooks", provider="calcom", status=["processed"], force=True, yes=True, verbosity=0)
    world.until_done()


def told(call: Json) -> list[tuple[str, str, int]]:
    rows = Notification.objects.filter(call__retell_call_id=call["call_id"]).exclude(kind="staff")
    return sorted(rows.values_list("channel", "kind", "version"))


CONFIRMED = [("email", "confirmation", 1), ("sms", "confirmation", 1)]
MOVED = sorted([*CONFIRMED, ("email", "rescheduled", 2), ("sms", "rescheduled", 2)])
CANCELLED = sorted([*CONFIRMED, ("email", "cancellation", 2), ("sms", "cancellation", 2)])


def test_scenario_04_it_books_once_when_the_webhook_is_worked_on_before_our_own_commit(world: World) -> None:
    call = world.call()
    # Cal.com has booked and sent its webhook; its answer hangs until the connection breaks.
    world.vendors.fault("calcom.create_booking", drop="after", latency_ms=1_500)
    world.ring(call)
    world.until(lambda: world.of(call).is_confirmed())
    assert Job.objects.get(actor_name="create_appointment_from_call").status == "processing"
    world.until_done(world.of(call).is_told)
    assert world.of(call).count() == ONE_OF_EACH
    assert (told(call), world.of(call).appointment.version) == (CONFIRMED, 1)


def test_scenario_04_it_follows_a_move_to_the_new_uid_and_tells_the_customer_once(world: World) -> None:
    call = booked(world)
    before = world.of(call).appointment
    start = move(world, call)
    world.until_done(lambda: world.of(call).is_told() and told(call) == MOVED)
    replay(world)
    appointment = world.of(call).appointment
    assert (appointment.starts_at, appointment.previous_starts_at) == (start, before.starts_at)
    assert (appointment.status, appointment.version) == ("confirmed", 2)
    assert appointment.calcom_uid == world.of(call).bookings[0]["uid"] != before.calcom_uid
    assert world.of(call).count() == {**ONE_OF_EACH, "SMS": 2, "e-mails": 2}
    assert told(call) == MOVED


def test_scenario_04_it_stays_cancelled_when_the_creation_is_heard_of_after_the_end(world: World) -> None:
    world.lose_calcoms_webhooks()
    call = booked(world)
    cancel(world, call)
    for trigger in ("BOOKING_CANCELLED", "BOOKING_CREATED"):
        world.deliver(world.said(trigger))
        world.until_done()
    world.until_done(world.of(call).is_told)
    replay(world)
    assert (world.of(call).appointment.status, world.of(call).appointment.version) == ("cancelled", 2)
    assert told(call) == CANCELLED
    assert world.of(call).count() == {**ONE_OF_EACH, "appointments": 0, "bookings": 0, "SMS": 2, "e-mails": 2}


def test_scenario_04_it_confirms_nothing_that_was_cancelled_before_its_creation_was_heard_of(world: World) -> None:
    """Cancelled while our own request for it still hung: neither the late answer nor the webhook brings it back."""
    world.lose_calcoms_webhooks()
    world.vendors.fault("calcom.create_booking", drop="after", latency_ms=2_500)
    world.vendors.fault("calcom.list_bookings", status=503)
    call = world.call()
    world.ring(call)
    world.until(lambda: world.of(call).bookings)
    cancel(world, call)
    world.deliver(world.said("BOOKING_CANCELLED"))
    world.until_done(lambda: world.of(call).call.outcome == "follow_up")
    world.deliver(world.said("BOOKING_CREATED"))
    replay(world)
    assert world.of(call).appointment.status == "cancelled"
    assert world.of(call).follow_up.reason == "refused"
    # She hears that somebody calls back, and nothing else.
    assert (told(call), len(world.of(call).messages)) == ([("sms", "callback", 1)], 1)


ORDERS = list(itertools.permutations(("BOOKING_CREATED", "BOOKING_RESCHEDULED")))


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
def test_scenario_04_it_ends_at_the_moved_time_in_whatever_order_it_is_told(
    world: World, order: tuple[str, ...]
) -> None:
    """Of a booking that a customer made at Cal.com itself and then moved."""
    world.lose_calcoms_webhooks()
    start, later = world.free_slot(HAIRCUT), world.free_slot(HAIRCUT)
    attendee = {"name": "Ida Ulme", "email": "ida.ulme@example.org", "timeZone": "Europe/Berlin"}
    uid = world.host("/v2/bookings", start=f"{start:%Y-%m-%dT%H:%M:%S%z}", eventTypeId=HAIRCUT.id, attendee=attendee)[
        "uid"
    ]
    new = world.host(f"/v2/bookings/{uid}/reschedule", start=f"{later:%Y-%m-%dT%H:%M:%S%z}")["uid"]
    for trigger in order:
        world.deliver(world.said(trigger))
        world.until_done()
    replay(world)
    appointment = Appointment.objects.get()
    assert (appointment.status, appointment.starts_at, appointment.calcom_uid) == ("confirmed", later, new)
    assert CalcomUid.objects.get(uid=uid).replaced_by == new
    assert set(WebhookEvent.objects.values_list("status", flat=True)) == {"processed"}
