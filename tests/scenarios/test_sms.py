"""Scenario 6, end to end: each customer gets one SMS in spite of Twilio's faults."""

import pytest

from askpro.queues.models import Job
from notifications.models import Notification
from tests.scenarios.traces import ONE_OF_EACH
from tests.scenarios.world import World

pytestmark = pytest.mark.xdist_group("scenarios")

SEND = "twilio.create_message"
# Too many, an outage that outlasts the first retry, an answer that is lost.
FAULTS = {
    "throttled": [{"status": 429, "headers": {"Retry-After": "3"}, "times": 2}],
    "away for five minutes": [{"drop": "before", "times": 2}],
    "the answer is lost": [{"drop": "after"}],
    "the answer is lost, then an outage": [{"reset": "after"}, {"status": 503}],
}


@pytest.mark.parametrize("name", FAULTS)
def test_scenario_06_it_sends_one_sms(world: World, name: str) -> None:
    call = world.call()
    for fault in FAULTS[name]:
        world.vendors.fault(SEND, **fault)
    world.ring(call)
    world.until_done(world.of(call).is_told)
    assert world.of(call).count() == ONE_OF_EACH
    job = Job.objects.get(actor_name="send_sms_notification")
    if name == "throttled":
        assert (job.tries_spent, job.releases) == (0, 2)


def test_it_tries_a_number_that_does_not_exist_once(world: World) -> None:
    call = world.call()
    world.vendors.fault(SEND, status=400, body={"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400})
    world.ring(call)
    world.until_done(lambda: Notification.objects.filter(channel="sms", status="failed").exists())
    assert Job.objects.get(actor_name="send_sms_notification").tries_spent == 0
    assert world.of(call).count() == {**ONE_OF_EACH, "SMS": 0}
