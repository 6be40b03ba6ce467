"""Many people call at once, and Cal.com allows 120 requests a minute: staff see each wait, and all are booked."""

from datetime import datetime, timedelta

import pytest

from appointments.models import FollowUp
from askpro.dev.sandbox.demo.scenarios import HAIRCUT
from askpro.queues.models import GateState, Job
from calls.models import BookingRequest
from tests.queues.queues_run import wait_until
from tests.scenarios.world import World

pytestmark = [pytest.mark.xdist_group("scenarios"), pytest.mark.long]

PATIENCE = 900


def known_at(request: BookingRequest) -> datetime:
    """When it was booked, or a person was told of it."""
    bookers = Job.objects.filter(actor_name="create_appointment_from_call", kwargs={"call_id": request.call_id})
    told = FollowUp.objects.filter(booking_request=request).values_list("created_at", flat=True)
    return min([*bookers.values_list("finished_at", flat=True), *told])


@pytest.mark.parametrize(("callers", "limit"), [(40, 12), (400, 120)], ids=["a tenth", "all"])
def test_each_has_an_appointment_or_a_follow_up_in_two_minutes_and_the_rest_is_booked(
    world: World, callers: int, limit: int
) -> None:
    # Two people cut hair: each time is free twice.
    calls = [world.call(slot=slot) for slot in (world.free_slot(HAIRCUT) for _ in range(callers // 2)) for _ in "ab"]
    world.vendors.switch(calcom_rate_limit=limit, webhooks="off")
    with world.queues.instead(CALCOM_REQUESTS_PER_MINUTE=str(limit)):
        world.begin_to_ring(calls).result()
        assert wait_until(lambda: BookingRequest.objects.filter(status="booked").count() == callers, PATIENCE)
    assert len(world.vendors.bookings("accepted")) == callers
    waits = [known_at(request) - request.created_at for request in BookingRequest.objects.all()]
    told = FollowUp.objects.count()
    print(f"{callers} known after {max(waits).total_seconds():.0f} s at most, {told} by a follow-up")
    assert max(waits) <= timedelta(minutes=2)
    assert set(FollowUp.objects.values_list("status", flat=True)) <= {"obsolete"}
    # It was never shut: Cal.com refused nothing.
    assert [*GateState.objects.filter(name__startswith="calcom").values_list("generation", "failures")] == [(0, 0)]
    # Mails may spend one try, for workers that are killed at the end of the test.
    assert not Job.objects.filter(actor_name="create_appointment_from_call", tries_spent__gt=0).exists()
