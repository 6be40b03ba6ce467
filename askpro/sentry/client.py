"""Starts reporting in a process, and ends it."""

import logging
from typing import Final

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dramatiq import DramatiqIntegration
from sentry_sdk.integrations.logging import LoggingIntegration, ignore_logger

from askpro.sentry import trail
from askpro.sentry.allowed import scrub
from askpro.sentry.transport import OnceAnHour

# Seconds that the end of a process waits for its last reports.
LAST: Final = 2.0
# Loggers of failed runs, whose exceptions are reported themselves, and of what is no trail without its values.
OTHERWISE_TOLD: Final = ("askpro.queues.worker.consumer", "askpro.incoming.request_log", "askpro.metrics.exchange")


def start() -> None:
    """Start reporting if SENTRY_DSN is set. Call it after a fork, since its transport is a thread."""
    if not settings.SENTRY_DSN:
        return
    for name in OTHERWISE_TOLD:
        ignore_logger(name)
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        environment=settings.ENVIRONMENT,
        release=settings.CODE_VERSION,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=trail.MOST,
        auto_session_tracking=False,
        send_client_reports=False,
        shutdown_timeout=LAST,
        # The SDK's own prints that it waits.
        integrations=[
            AtexitIntegration(callback=lambda pending, timeout: None),
            # `scrub` lets only outages through that are warnings.
            LoggingIntegration(event_level=logging.WARNING),
        ],
        # Its Dramatiq integration attaches the message, arguments included.
        disabled_integrations=[DramatiqIntegration()],
        before_send=scrub,
        before_breadcrumb=trail.kept,
        transport=OnceAnHour,
    )


def finish() -> None:
    """Send what waits, in `LAST` seconds at most. A forked child ends without what Python does at exit."""
    if sentry_sdk.is_initialized():
        sentry_sdk.flush(LAST)
