"""Everybody calls at once, and Cal.com takes 120 requests a minute: nobody waits unseen, the rest books by itself."""

import time

import pytest

from appointments.models import FollowUp
from askpro.queues.models import GateState, Job
from askpro.sandbox.demo.scenarios import HAIRCUT
from calls.models import BookingRequest
from tests.queues.processes import wait_until
from tests.scenarios.world import World

pytestmark = pytest.mark.xdist_group("scenarios")

CALLERS, LIMIT = 400, 120


def known() -> set[int]:
    """The requests that are booked or that a person knows of."""
    booked = BookingRequest.objects.filter(status="booked").values_list("pk", flat=True)
    return {*booked, *FollowUp.objects.values_list("booking_request", flat=True)}


@pytest.mark.long
def test_each_of_four_hundred_has_an_appointment_or_a_follow_up_in_two_minutes_and_the_rest_is_booked(
    world: World,
) -> None:
    # Two people cut hair: each time is free twice.
    calls = [world.call(slot=slot) for slot in (world.free_slot(HAIRCUT) for _ in range(CALLERS // 2)) for _ in "ab"]
    world.vendors.switch(calcom_rate_limit=LIMIT, webhooks="off")
    with world.queues.instead(CALCOM_REQUESTS_PER_MINUTE=str(LIMIT)):
        world.begin_to_ring(calls).result()
        assert wait_until(lambda: BookingRequest.objects.count() == CALLERS, 120)
        began = time.monotonic()
        assert wait_until(lambda: len(known()) == CALLERS, 120), f"{CALLERS - len(known())} wait unseen"
        print(f"{CALLERS} are known after {time.monotonic() - began:.0f} s, {FollowUp.objects.count()} by a follow-up")
        assert wait_until(lambda: BookingRequest.objects.filter(status="booked").count() == CALLERS, 600)
        print(f"all are booked after {time.monotonic() - began:.0f} s")
        assert len(world.vendors.bookings("accepted")) == CALLERS
        assert set(FollowUp.objects.values_list("status", flat=True)) == {"obsolete"}
        # It was never shut: Cal.com refused nothing.
        assert [*GateState.objects.filter(name__startswith="calcom").values_list("generation", "failures")] == [(0, 0)]
        assert not Job.objects.filter(tries_spent__gt=0).exists()
