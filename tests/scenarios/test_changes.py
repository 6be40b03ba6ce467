"""A customer moves and cancels by SMS, end to end: Cal.com holds what was wished for, and she hears of it once."""

from zoneinfo import ZoneInfo

import pytest

from appointments.models import Appointment, Change, FollowUp
from askpro.dev.sandbox.demo.scenarios import SCENARIOS
from askpro.dev.sandbox.world import TIMEZONE
from tests.scenarios.traces import ONE_OF_EACH
from tests.scenarios.world import World

pytestmark = pytest.mark.xdist_group("scenarios")

HAIRCUT = SCENARIOS["booked"].event_type


def test_scenario_04_who_moves_and_then_cancels_by_sms_is_served(world: World) -> None:
    call = world.call()
    world.ring(call)
    world.until_done(world.of(call).is_told)
    later = world.free_slot(HAIRCUT)
    local = later.astimezone(ZoneInfo(TIMEZONE))
    # The answer is lost once: it is looked for, and not asked for twice.
    world.vendors.fault("calcom.reschedule_booking", drop="after", latency_ms=2_500)
    world.vendors.inbound_sms(call["from_number"], f"Bitte Termin verschieben auf {local:%d.%m.} um {local:%H:%M} Uhr")
    world.until_done(lambda: Appointment.objects.filter(starts_at=later, status="confirmed").exists())
    world.until_done(world.of(call).is_told)
    (booking,) = world.of(call).bookings
    assert booking["uid"] == world.of(call).appointment.calcom_uid
    assert world.of(call).count() == {**ONE_OF_EACH, "SMS": 2, "e-mails": 2}

    world.vendors.inbound_sms(call["from_number"], "ABSAGE")
    world.until_done(lambda: Appointment.objects.filter(status="cancelled").exists())
    world.until_done(world.of(call).is_told)
    assert world.of(call).count() == {**ONE_OF_EACH, "appointments": 0, "bookings": 0, "SMS": 3, "e-mails": 3}
    assert list(Change.objects.order_by("id").values_list("kind", "channel", "state")) == [
        ("move", "sms", "done"),
        ("cancel", "sms", "done"),
    ]
    assert not FollowUp.objects.filter(status="open").exists()
