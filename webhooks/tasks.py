"""The jobs of this app."""

import time
from datetime import datetime
from typing import Final

from django.utils import timezone

from askpro.queues import MIN, Gone, S, actor, log, send_many
from calls.lost import overdue
from calls.models import Call, PhoneNumber
from calls.retell.call import parse_call
from calls.retell.errors import KeyRefused
from calls.retell.fields import InvalidCall
from calls.tenancy import number_of
from webhooks.inbox.reading import Malformed
from webhooks.inbox.replay import replay_one
from webhooks.models import Provider, RetellReading, WebhookEvent
from webhooks.net import overdue as overdue_calls
from webhooks.net.accounts import account_of, all_accounts, is_news
from webhooks.net.reading import Reader, next_span
from webhooks.silence import counting

# Seconds of one job's reading: what is left is read by the same job a second later.
READING_TIME: Final = 200.0
# Overdue calls that are asked for at once, the oldest first; the others follow at the next tick.
MOST_OVERDUE: Final = 500


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
        if event is not None and is_of(event, number):
            replay_one(event)


@actor(queue_name="default", max_retries=2, time_limit=1 * MIN, atomic=True, unique_by="sync-retell:{days}")
def sync_all_retell_calls(days: int = 0) -> None:
    """Send a reading for every account at Retell, and a question about every call that should have ended, on the
    schedule; with `days`, the readings go back so far. It also follows requests that were refused with 503.

    Writes: RetellReading, Job
    """
    readings = [account.reading() for account in all_accounts()]
    calls = overdue(timezone.now()).values_list("pk", "company_id")[:MOST_OVERDUE]
    send_many([sync_retell_calls.message(reading_id=reading.pk, days=days) for reading in readings])
    send_many([ask_for_retell_call.message(call_id=pk, company_id=company) for pk, company in calls])


@actor(
    queue_name="default",
    max_retries=2,
    time_limit=5 * MIN,
    no_overlap="retell:{reading_id}",
    unique_by="retell:{reading_id}:{days}",
    # All accounts are due at once, and calls that have just ended wait in the same queue.
    concurrency=("sync-retell", 2),
    urgency="last",
)
def sync_retell_calls(reading_id: int, days: int = 0) -> None:
    """Read one account's calls from Retell, and store what no webhook has reported as the event it would have been.

    Writes: WebhookEvent, RetellReading, EarlierCall, Job
    Calls: Retell: calls (list, get)
    """
    reading = RetellReading.objects.select_related("address").filter(pk=reading_id).first()
    account = account_of(reading) if reading else None
    if reading is None or account is None:
        raise Gone(f"The key of reading {reading_id} is not in use any more.")
    span = next_span(reading, days)
    try:
        found = Reader(account, reading, span, ends_at=time.monotonic() + READING_TIME).read()
    except KeyRefused as error:
        if is_news(error, reading):
            raise
        return
    reading.note_complete(span.until)
    log(found)


@actor(
    queue_name="low",
    max_retries=1,
    time_limit=5 * MIN,
    atomic=True,
    no_overlap="arrivals",
    unique_by="arrivals",
    silenced=True,
)
def count_arrivals(now: str) -> None:
    """Count what came in of each vendor and company by the hour, on the schedule: whether a vendor has fallen silent is
    judged by what is usual.

    Writes: Arrivals
    """
    counting.count(datetime.fromisoformat(now))


@actor(
    queue_name="default",
    max_retries=2,
    time_limit=2 * MIN,
    unique_by="ask:{call_id}",
    urgency="last",
    fair_by="company:{company_id}",
    tags=("call:{call_id}",),
)
def ask_for_retell_call(call_id: int, company_id: int) -> None:
    """Ask Retell for a call that should have ended, by its id; one that Retell does not know is lost, and a person
    calls back.

    Writes: WebhookEvent, Call, FollowUp, Notification, Job
    Calls: Retell: calls (get)
    """
    call = Call.objects.filter(pk=call_id, status=Call.Status.ONGOING).first()
    if call is not None:
        overdue_calls.ask(call)


def is_of(event: WebhookEvent, number: PhoneNumber) -> bool:
    """Whether the stored event is about a call to this number."""
    try:
        found = number_of(parse_call(event.payload))
    except (InvalidCall, Malformed):
        return False
    return found is not None and found.pk == number.pk
