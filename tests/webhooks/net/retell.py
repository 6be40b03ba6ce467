"""Calls at Retell, of invented people, around the time of the net's tests."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from askpro.queues.ledger import gates
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.testing import run_jobs
from tests.calls.practice import NUMBER
from tests.gates import let_pass
from tests.webhooks.signing import compact, post_retell, recorded, retell_signature
from webhooks.models import RetellReading
from webhooks.tasks import sync_all_retell_calls

KEY = LOCAL["RETELL_API_KEYS"]
NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def call(
    call_id: str, ended: datetime = NOW - timedelta(minutes=10), minutes: float = 2, **changes: Any
) -> dict[str, Any]:
    """A call of the practice with its analysis; a change to None takes the field away."""
    said: dict[str, Any] = recorded("retell", "call_analyzed")["call"]
    times = {
        "start_timestamp": milliseconds(ended - timedelta(minutes=minutes)),
        "end_timestamp": milliseconds(ended),
        "duration_ms": round(minutes * 60_000),
    }
    values = said | {"call_id": call_id, "to_number": NUMBER, "call_status": "ended"} | times | changes
    return {name: value for name, value in values.items() if value is not None}


def never_connected(call_id: str, **changes: Any) -> dict[str, Any]:
    """Nobody answered: Retell has no time of it."""
    said: dict[str, Any] = recorded("retell", "call_analyzed.not_connected")["call"]
    return said | {"call_id": call_id, "from_number": NUMBER, "direction": "outbound"} | changes


def keep(retell: SandboxClient, *calls: dict[str, Any], **owner: str) -> None:
    """Calls that Retell had, and no webhook reported."""
    for each in calls:
        retell.deliver_call(each, events=(), **owner)


def tell(told: dict[str, Any], *events: str) -> None:
    """What Retell's webhooks say of a call, at the shared address."""
    for event in events:
        shown = told if event != "call_ended" else {key: value for key, value in told.items() if key != "call_analysis"}
        body = compact({"event": event, "call": shown})
        assert post_retell(body, retell_signature(body, KEY)).status_code == 204


def tick(days: int = 0) -> list[tuple[str, str]]:
    """What the schedule does, and everything that follows from it."""
    sync_all_retell_calls.send(days=days)
    return run_jobs()


def later(clock: Any, minutes: float) -> list[tuple[str, str]]:
    """Time passes, and what waited for it runs."""
    clock.shift(minutes * 60)
    let_pass(minutes * 60)
    with connection.cursor() as cursor:
        gates.admit(DjangoConnection(cursor))
    return run_jobs(due_or_not=True)


def ends_of(runs: Iterable[tuple[str, str]], actor: str = "sync_retell_calls") -> list[str]:
    return [status for name, status in runs if name == actor]


def read_until() -> datetime | None:
    return RetellReading.objects.get().read_until


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
