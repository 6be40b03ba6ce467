"""Error reports, without what callers said: no request bodies, no local variables, no exception texts."""

from typing import Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.dramatiq import DramatiqIntegration

WITHHELD = "[withheld: the text stands on the job's attempt]"


def start() -> None:
    """Begin reporting when SENTRY_DSN is set. Call it after a fork: its transport is a thread."""
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
    """Keep classes and places, drop every text that may quote a caller: an IntegrityError names the row's values."""
    for exception in event.get("exception", {}).get("values", ()):
        exception["value"] = WITHHELD
    event.pop("extra", None)
    event.pop("breadcrumbs", None)
    request = event.get("request", {})
    for part in ("data", "cookies", "query_string", "headers", "env"):
        request.pop(part, None)
    if "url" in request:
        request["url"] = request["url"].partition("?")[0]
    return event
