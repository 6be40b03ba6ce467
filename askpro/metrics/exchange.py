"""One exchange with a vendor, noted with how it ended and how long it took."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from askpro.metrics.recorder import note_vendor_call
from askpro.queues.errors import JobError, RateLimited, Rejected, Unavailable, Unknown
from askpro.queues.insight import record
from askpro.sentry import trail

log = logging.getLogger(__name__)


class Result(StrEnum):
    """How an exchange ended. A label of metrics: these values, and no others."""

    OK = "ok"
    REFUSED = "refused"  # the vendor's own word about this one request
    KEY_REFUSED = "key_refused"
    OUT_OF_CREDIT = "out_of_credit"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"  # it certainly did not happen
    UNKNOWN = "unknown"  # it may have happened
    HURRIED = "hurried"  # whoever asked had no time to wait for a fair answer


# Not because of the vendor: the caller had no time, or the request itself was wrong.
NOT_ITS_FAULT: Final = (Result.HURRIED, Result.REFUSED)
FAILS: Final = (Result.UNAVAILABLE, Result.UNKNOWN, Result.THROTTLED)
VENDORS: Final = ("calcom", "mail", "retell", "twilio")
# A webhook that was taken, the first time or again; others are called by why they were not.
STORED: Final = "stored"
KEY_REFUSED: Final = 401
OUT_OF_CREDIT: Final = 402


@dataclass(slots=True)
class Exchange:
    """The exchange under way: whoever sees its answer says how it ended."""

    result: str = Result.UNKNOWN


@contextmanager
def exchange(vendor: str, route: str, company_id: int | None = None) -> Iterator[Exchange]:
    """Note the exchange made inside: with the result that is set in it, or with that of the error which ends it."""
    noted, began = Exchange(), time.monotonic()
    try:
        yield noted
    except JobError as error:
        noted.result = result_of(error)
        raise
    finally:
        seconds = time.monotonic() - began
        note_vendor_call(vendor, route, noted.result, seconds, company_id)
        record.note_call(vendor, route, noted.result, seconds)
        trail.asked(vendor, route, noted.result, seconds)
        log.info("%s %s: %s in %.0f ms", vendor, route, noted.result, seconds * 1000)


def result_of(error: JobError) -> Result:
    """What an error says of the exchange that raised it."""
    if error.is_hurried:
        return Result.HURRIED
    if isinstance(error, RateLimited):
        return Result.THROTTLED
    if isinstance(error, Unavailable):
        return Result.UNAVAILABLE
    if isinstance(error, Unknown):
        return Result.UNKNOWN
    return Result.KEY_REFUSED if isinstance(error, Rejected) else Result.REFUSED


def by_status(status: int) -> Result:
    """What a vendor's refusal means where its status says it all."""
    return {KEY_REFUSED: Result.KEY_REFUSED, OUT_OF_CREDIT: Result.OUT_OF_CREDIT}.get(status, Result.REFUSED)
