"""The jobs of erasures."""

from askpro.privacy.erasing import run, vendors
from askpro.privacy.models import Erasure, Item
from askpro.queues import MIN, Gone, H, S, actor


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
