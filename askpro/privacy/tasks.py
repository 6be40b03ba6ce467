"""The jobs of privacy: what is over its time goes each night, and persons are erased."""

import time
from typing import Final

from askpro.privacy.classes import Kept
from askpro.privacy.erasing import run, vendors
from askpro.privacy.models import Erasure, Item, RetentionRun
from askpro.privacy.retention.runs import go_on
from askpro.queues import MIN, Gone, H, Release, S, actor, log, send_many

# Seconds of one job's walk: other jobs of the queue come in between, and nothing is done twice.
WALKING_TIME: Final = 60.0


@actor(queue_name="low", max_retries=3, backoff=(1 * MIN, 10 * MIN), time_limit=1 * MIN, atomic=True)
def start_retention() -> None:
    """Send a walk through everything that is over its time, one for each class of data, each night. A walk that has not
    ended the night before goes on where it is.

    Writes: RetentionRun, Job
    """
    send_many([delete_what_is_over.message(run_id=RetentionRun.nightly(kind).pk) for kind in Kept.values])


@actor(
    queue_name="low",
    max_retries=3,
    backoff=(10 * S, 10 * MIN),
    time_limit=5 * MIN,
    unique_by="retention:{run_id}",
    no_overlap="retention:{run_id}",
    concurrency=("retention", 1),
    urgency="last",
)
def delete_what_is_over(run_id: int) -> None:
    """Delete or blank what is over its time, for a minute at most; what is left is done by the same job a second later.

    Writes: RetentionRun, RetentionCount, and the rows of `askpro.privacy.retention.shelves`
    """
    walk = RetentionRun.objects.filter(pk=run_id).first()
    if walk is None:
        raise Gone(f"There is no retention run {run_id}.")
    if walk.ended_at is not None:
        return
    if not go_on(walk, time.monotonic() + WALKING_TIME):
        raise Release(1.0, "goes on with the rest")
    log(f"{walk.get_kind_display()}: {' / '.join(map(str, walk.counts.all())) or 'nothing is over its time'}")


@actor(
    queue_name="low",
    max_retries=4,
    backoff=(30 * S, 2 * MIN, 10 * MIN, 1 * H),
    time_limit=10 * MIN,
    no_overlap="erasure:{erasure_id}",
    tags=("erasure:{erasure_id}",),
)
def erase_person(erasure_id: int) -> None:
    """Erase a person here, and send the jobs that ask the vendors.

    Writes: Erasure, Item, every table with personal data, Job
    """
    erasure = Erasure.objects.filter(pk=erasure_id).first()
    if erasure is None:
        raise Gone("The erasure no longer exists.")
    run.run(erasure)


@actor(
    queue_name="low",
    max_retries=6,
    backoff=(1 * MIN, 10 * MIN, 1 * H, 6 * H, 24 * H),
    time_limit=1 * MIN,
    fair_by="company:{company_id}",
    tags=("erasure_item:{item_id}",),
)
def erase_retell_call(item_id: int, company_id: int | None = None) -> None:
    """Erase one call at Retell.

    Writes: Item, Erasure
    Calls: Retell: calls (delete)
    """
    if item := _waiting(item_id):
        vendors.erase_call(item)
        item.erasure.settle()


@actor(
    queue_name="low",
    max_retries=6,
    backoff=(1 * MIN, 10 * MIN, 1 * H, 6 * H, 24 * H),
    time_limit=1 * MIN,
    fair_by="company:{company_id}",
    tags=("erasure_item:{item_id}",),
)
def erase_twilio_message(item_id: int, company_id: int | None = None) -> None:
    """Erase one message at Twilio.

    Writes: Item, Erasure
    Calls: Twilio: messages (delete)
    """
    if item := _waiting(item_id):
        vendors.erase_message(item)
        item.erasure.settle()


def _waiting(item_id: int) -> Item | None:
    item = Item.objects.select_related("erasure").filter(pk=item_id).first()
    if item is None:
        raise Gone("The erasure no longer exists.")
    return item if item.state == Item.State.WAITING else None
