"""A cancelled time finds its next customer, end to end: each is asked in turn, and the first yes in time is booked."""

from datetime import timedelta

import pytest
from django.db.models import F

from appointments.freed import due
from appointments.models import Appointment, FollowUp, FreedTime, Offer, Question
from askpro.dev.sandbox.demo.scenarios import SCENARIOS
from calls.models import Company
from notifications.models import Notification
from tests.scenarios.world import Json, World

pytestmark = pytest.mark.xdist_group("scenarios")

HAIRCUT = SCENARIOS["booked"].event_type
A_DEADLINE = timedelta(minutes=22)


def test_a_cancelled_time_is_offered_until_somebody_takes_it(world: World) -> None:
    Company.objects.update(offers_freed_times=True)
    slot = world.free_slot(HAIRCUT)
    booked, first, second = (world.call(slot=slot) for _ in range(3))
    world.ring(booked)
    world.until_done(world.of(booked).is_told)
    world.vendors.fill(HAIRCUT.id, slot)
    for call in (first, second):
        world.ring(call)
        world.until_done()
    world.until_done(lambda: FollowUp.objects.filter(status="open", reason="slot_gone").count() == 2)

    world.vendors.inbound_sms(booked["from_number"], "ABSAGE")
    world.until_done(lambda: asked() == [first["from_number"]])
    let_pass_a_deadline()
    world.until_done(lambda: asked() == [first["from_number"], second["from_number"]])
    world.vendors.inbound_sms(first["from_number"], "JA")
    world.vendors.inbound_sms(second["from_number"], "Ja, gerne!")
    world.until_done(lambda: FreedTime.objects.filter(state="booked").exists())

    world.until_done(lambda: told(first) == ["callback", "offer", "offer_gone"])
    world.until_done(lambda: told(second) == ["callback", "offer", "confirmation"])
    appointment = Appointment.objects.exclude(source="calcom").get(starts_at=slot, status="confirmed")
    assert (appointment.source, appointment.attendee_phone) == ("offer", second["from_number"])
    assert len([each for each in world.vendors.bookings() if each["status"] == "accepted"]) == 2
    assert list(Offer.objects.order_by("id").values_list("state", flat=True)) == ["expired", "booked"]
    waits = FollowUp.objects.filter(status="open", reason="slot_gone")
    assert [each.customer and each.customer.phone for each in waits] == [first["from_number"]]


def asked() -> list[str]:
    """Who got an offer, in order."""
    sent = Notification.objects.filter(kind="offer", sent_at__isnull=False)
    return list(sent.order_by("id").values_list("recipient", flat=True))


def told(call: Json) -> list[str]:
    """What this caller got by SMS, in order."""
    sent = Notification.objects.filter(recipient=call["from_number"], channel="sms", sent_at__isnull=False)
    return list(sent.order_by("id").values_list("kind", flat=True))


def let_pass_a_deadline() -> None:
    """As if the customer had not answered; the sweeper looks now."""
    Offer.objects.filter(state="open").update(ends_at=F("ends_at") - A_DEADLINE)
    Question.objects.filter(state="open").update(ends_at=F("ends_at") - A_DEADLINE)
    FreedTime.objects.update(due_at=F("due_at") - A_DEADLINE)
    due.send_due()
