"""Sends reports, each cause once an hour over all processes; nothing else of what the SDK would send."""

from typing import Any

import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import HttpTransport

from askpro.sentry.causes import Cause
from askpro.sentry.desk import Desk


class OnceAnHour(HttpTransport):
    """The SDK's transport behind a desk. It sends in a thread, and drops what Sentry does not take."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        self.desk = Desk(self._leave)

    def capture_envelope(self, envelope: Envelope) -> None:
        event = envelope.get_event()
        if event is not None:
            key = "".join(event.get("fingerprint") or ["unknown"])
            self.desk.take(Cause(key, str((event.get("tags") or {}).get("outage", ""))), envelope)

    def flush(self, timeout: float, callback: Any = None) -> None:
        self.desk.flush(timeout / 2)
        super().flush(timeout / 2, callback)

    def _leave(self, envelope: Envelope, count: int) -> None:
        event = envelope.get_event()
        if event is not None:
            event["extra"] = {"count": count}
        super().capture_envelope(envelope)


def desk() -> Desk | None:
    """The desk of this process; None where it does not report."""
    transport = sentry_sdk.get_client().transport
    return transport.desk if isinstance(transport, OnceAnHour) else None
