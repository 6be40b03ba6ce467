"""Tells the project of each run that ended with an exception (`JOB_FAILED`): settling it leaves nobody to catch it."""

import logging
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.outcome import Outcome

log = logging.getLogger(__name__)

Told = Callable[[Claim, Outcome, BaseException], None]


def tell(claim: Claim, outcome: Outcome, error: BaseException | None) -> None:
    """Call it in the thread of the run, before anything else runs there. Whatever happens, the job is settled."""
    told = _told()
    if error is None or told is None:
        return
    try:
        told(claim, outcome, error)
    except Exception as failure:  # noqa: BLE001 - whoever reports errors may fail at anything
        log.warning("The failure of %s %s was not reported: %s", claim.actor_name, claim.id, failure)


@cache
def _told() -> Told | None:
    path = getattr(settings, "JOB_FAILED", "")
    return import_string(path) if path else None
