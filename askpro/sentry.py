"""Error reports without what callers said: only the parts named here, no bodies, variables or texts from outside."""

from collections.abc import Iterable
from typing import Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.dramatiq import DramatiqIntegration

from askpro.queues.plain import is_ours

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


def start() -> None:
    """Start reporting if SENTRY_DSN is set. Call it after a fork, since its transport is a thread."""
    if settings.SENTRY_DSN:
        sentry_sdk.init(
            dsn=settings.SENTRY_DSN,
            environment=settings.ENVIRONMENT,
            release=settings.CODE_VERSION,
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            # Its Dramatiq integration attaches the message, arguments included.
            disabled_integrations=[DramatiqIntegration()],
            before_send=scrub,
            before_breadcrumb=lambda *_: None,
        )


def scrub(event: Any, hint: Any) -> Any:
    """Keep classes and places: the text of an IntegrityError names a row's values, a log line the requested URL."""
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
    return kept


def _exception(told: Any) -> dict[str, Any]:
    kept = {**_named(told, EXCEPTION), "value": WITHHELD}
    if mechanism := told.get("mechanism"):
        kept["mechanism"] = _named(mechanism, MECHANISM)
    if frames := (told.get("stacktrace") or {}).get("frames"):
        kept["stacktrace"] = {"frames": [_named(frame, FRAME) for frame in frames]}
    return kept


def _named(told: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: told[name] for name in names if name in told}
