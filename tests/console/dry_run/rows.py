"""The whole database as it is, and arguments for any job, from rows that are there."""

import inspect
from typing import Any

from django.db import connection
from django.utils import timezone
from dramatiq import get_broker

from askpro.queues import LedgerActor
from tests.console.world import World
from tests.stored_models import DEVELOPMENT
from webhooks.models import WebhookEvent

TABLES = "SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY relname"


def everything() -> dict[str, str | None]:
    """A digest of each table, system columns included: a row that was written and written back differs, too."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        for (table,) in cursor.fetchall():
            cursor.execute(
                f"SELECT md5(string_agg(row::text, '|' ORDER BY ctid)) FROM (SELECT ctid, xmin, * FROM {table}) AS row"
            )
            found[table] = cursor.fetchone()[0]
    return found


def actors() -> list[LedgerActor[Any, Any]]:
    """Every job of the product that a dry run may try. Those of tests, which others load, hang and kill on purpose."""
    known = [actor for _, actor in sorted(get_broker().actors.items()) if isinstance(actor, LedgerActor)]
    return [actor for actor in known if not actor.fn.__module__.startswith(DEVELOPMENT)]


def arguments(actor: LedgerActor[Any, Any], world: World) -> dict[str, Any]:
    """What the actor is sent with, about a row of the world where it has one."""
    wanted = inspect.signature(actor.fn).parameters
    rows: dict[str, Any] = {
        "call_id": world.calls[0],
        "request_id": world.requests[0],
        "appointment_id": world.appointments[0],
        "notification_id": world.messages[0],
        "event_id": _event(actor, world),
    }
    values: dict[str, Any] = {name: row.pk for name, row in rows.items() if name in wanted}
    if "company_id" in wanted:
        values["company_id"] = next(
            (row.company_id for name, row in rows.items() if name in values), world.companies[0].pk
        )
    now = timezone.now().isoformat()
    plain = {"now": now, "sent": now, "batch_id": "0190a1b2-0000-7000-8000-000000000000"}
    others = {name: plain.get(name, 1) for name, each in wanted.items() if each.default is inspect.Parameter.empty}
    return {**others, **values}


def _event(actor: LedgerActor[Any, Any], world: World) -> WebhookEvent:
    vendor = "calcom" if "calcom" in actor.actor_name else "twilio" if "twilio" in actor.actor_name else "retell"
    event = next((each for each in world.events if each.provider == vendor), world.events[0])
    WebhookEvent.objects.filter(pk=event.pk).update(status=WebhookEvent.Status.RECEIVED)
    return event
