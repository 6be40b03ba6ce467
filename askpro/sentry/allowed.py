"""What a report may hold: only the parts named here, no bodies, variables or texts from outside."""

import logging
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from askpro.incoming.request_log import company_of, company_of_request
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.correlation import correlation
from askpro.queues.ledger.current import current
from askpro.queues.plain import is_ours
from askpro.sentry import trail
from askpro.sentry.causes import Cause, cause_of, cause_of_line
from askpro.sentry.transport import desk

WITHHELD = "[withheld: the text stands on the job's attempt]"
# What an event may hold. Everything else is dropped, including what a later version of the SDK adds.
KEPT = ("event_id", "timestamp", "level", "platform", "environment", "release", "server_name", "logger", "sdk", "type")
EXCEPTION = ("type", "module")
MECHANISM = ("type", "handled")
FRAME = (
    "filename",
    "abs_path",
    "module",
    "function",
    "lineno",
    "in_app",
    "context_line",
    "pre_context",
    "post_context",
)
# These sources take a transaction's name from the code; others take it from the requested URL.
NAMES = ("route", "component", "view", "task")


def scrub(event: Any, hint: Any) -> Any:
    """Keep classes and places, and say what was worked on: the text of an IntegrityError names a row's values, a log
    line the requested URL. None for a cause that was reported already: it is counted.
    """
    cause, at = _cause(hint or {}), desk()
    if _is_mended(hint or {}, cause) or (cause and at and at.counts(cause)):
        return None
    kept = _named(event, KEPT)
    if exceptions := event.get("exception", {}).get("values"):
        kept["exception"] = {"values": [_exception(each) for each in exceptions]}
    if event.get("transaction_info", {}).get("source") in NAMES:
        kept["transaction"] = event.get("transaction")
    # The format string without its arguments; that of another logger may already contain them.
    if is_ours(str(event.get("logger"))) and isinstance(said := event.get("logentry", {}).get("message"), str):
        kept["logentry"] = {"message": said}
    if method := event.get("request", {}).get("method"):
        kept["request"] = {"method": method}
    return kept | _told(event, cause)


def _cause(hint: Mapping[str, Any]) -> Cause | None:
    if (record := hint.get("log_record")) is not None:
        return cause_of_line(record)
    error = (hint.get("exc_info") or (None, None))[1]
    return cause_of(error) if error is not None else None


def _is_mended(hint: Mapping[str, Any], cause: Cause | None) -> bool:
    """A line below ERROR is about something that mends itself; only an outage among these is reported."""
    record = hint.get("log_record")
    return record is not None and record.levelno < logging.ERROR and not (cause and cause.outage)


def _told(event: Any, cause: Cause | None) -> dict[str, Any]:
    """What it counts as, what was worked on, and what led to it."""
    claim = current.claim
    tags = {
        "outage": cause.outage if cause else "",
        "correlation": correlation(),
        "company": company_of(claim.kwargs if claim else {}) or company_of_request(),
        **({"actor": claim.actor_name, "queue": claim.queue_name, "job": claim.id} if claim else {}),
        **({"attempt": claim.claim_no} if claim else {}),
    }
    crumbs = trail.since(event.get("breadcrumbs"), _start_of(claim) if claim else None)
    told = {
        "fingerprint": [cause.key] if cause else [],
        "tags": {name: str(value) for name, value in tags.items() if value},
        "breadcrumbs": {"values": crumbs} if crumbs else {},
        "transaction": claim.actor_name if claim else "",
    }
    return {name: value for name, value in told.items() if value}


def _start_of(claim: Claim) -> datetime | None:
    return datetime.now(UTC) - timedelta(seconds=time.monotonic() - claim.started) if claim.started else None


def _exception(told: Any) -> dict[str, Any]:
    kept = {**_named(told, EXCEPTION), "value": WITHHELD}
    if mechanism := told.get("mechanism"):
        kept["mechanism"] = _named(mechanism, MECHANISM)
    if frames := (told.get("stacktrace") or {}).get("frames"):
        kept["stacktrace"] = {"frames": [_named(frame, FRAME) for frame in frames]}
    return kept


def _named(told: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: told[name] for name in names if name in told}
