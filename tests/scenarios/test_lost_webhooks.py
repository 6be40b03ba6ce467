"""The web was away while callers phoned: their calls are found at Retell, and booked and confirmed once."""

import pytest

from appointments.models import FollowUp
from tests.scenarios.traces import ONE_OF_EACH
from tests.scenarios.world import NOWHERE, Json, World
from webhooks.models import RetellReading, WebhookEvent
from webhooks.tasks import sync_all_retell_calls

pytestmark = pytest.mark.xdist_group("scenarios")

AGO_MS = 10 * 60_000


def test_calls_whose_webhooks_nobody_took_are_booked_and_confirmed_once(world: World) -> None:
    told, begun, unheard = calls = [_a_while_ago(world.call()) for _ in range(3)]
    world.vendors.switch(retell_tries=1)
    world.vendors.deliver_call(told)
    world.vendors.deliver_call(begun, events=("call_started",))
    world.vendors.switch(askpro_url=NOWHERE)
    world.vendors.deliver_call(begun, events=("call_ended", "call_analyzed"))
    world.vendors.deliver_call(unheard)
    world.vendors.switch(askpro_url=world.url)

    sync_all_retell_calls.send()
    world.until_done(lambda: all(world.of(call).is_told() for call in calls))
    sync_all_retell_calls.send()
    world.until_done()

    assert world.counts(calls) == [ONE_OF_EACH] * 3, world.told()
    fetched = WebhookEvent.objects.filter(fetched=True).values_list("subject", flat=True)
    assert set(fetched) == {begun["call_id"], unheard["call_id"]}
    assert RetellReading.objects.get().finished_at is not None
    assert not FollowUp.objects.exists()


def _a_while_ago(call: Json) -> Json:
    """So long ago that no webhook of it is on its way any more."""
    return call | {name: call[name] - AGO_MS for name in ("start_timestamp", "end_timestamp")}
