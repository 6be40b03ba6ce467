"""The jobs of this app."""

from askpro.queues import MIN, Gone, S, actor
from calls.models import PhoneNumber
from calls.retell.call import parse_call
from calls.retell.fields import InvalidCall
from calls.tenancy import number_of
from webhooks.inbox.reading import Malformed
from webhooks.inbox.replay import replay_one
from webhooks.models import Provider, WebhookEvent


@actor(
    queue_name="default",
    max_retries=3,
    backoff=(10 * S, 1 * MIN),
    time_limit=5 * MIN,
    no_overlap="number:{number_id}",
    unique_by="replay:{number_id}",
)
def replay_unassigned(number_id: int) -> None:
    """Replay the calls that came in on this number while no company had it, the oldest first.

    Writes: WebhookEvent, Job
    """
    number = PhoneNumber.objects.filter(pk=number_id, is_active=True).first()
    if number is None:
        raise Gone(f"There is no active phone number {number_id}.")
    unplaced = WebhookEvent.objects.filter(status=WebhookEvent.Status.UNASSIGNED, provider=Provider.RETELL)
    for event_id in unplaced.order_by("pk").values_list("pk", flat=True):
        event = WebhookEvent.objects.filter(pk=event_id).first()
        if event is not None and _is_of(event, number):
            replay_one(event)


def _is_of(event: WebhookEvent, number: PhoneNumber) -> bool:
    try:
        found = number_of(parse_call(event.payload))
    except (InvalidCall, Malformed):
        return False
    return found is not None and found.pk == number.pk
