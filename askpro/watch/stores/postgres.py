"""The state as rows, which people see and change in the console."""

from collections.abc import Callable, Collection
from typing import Any, Final
from uuid import UUID

import psycopg2
from django.db import DatabaseError, InterfaceError, connection, models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from askpro.watch.models import Delivery, Incident, Mute, live_incidents
from askpro.watch.state import Record, State, of
from askpro.watch.stores.base import StoreAway, T

# A watcher that is stopped in its transaction holds the others up for so many milliseconds at most.
_BOUNDS: Final = """
SET LOCAL lock_timeout = 2000; SET LOCAL statement_timeout = 4000;
SET LOCAL idle_in_transaction_session_timeout = 4000;
SELECT pg_advisory_xact_lock(hashtext('askpro.watch'))
"""


class PostgresStore:
    name = "postgres"

    def change(self, change: Callable[[State], T], also: Collection[UUID] = ()) -> T:
        try:
            with transaction.atomic():
                _enter()
                state = _load(also)
                before = {record.pk: _values(record) for record in state.records()}
                result = change(state)
                _save(state, before)
                return result
        except (DatabaseError, InterfaceError, psycopg2.Error, OSError) as error:
            connection.close()
            raise StoreAway("PostgreSQL") from error


def _enter() -> None:
    """One watcher at a time: what it reads is what it changes."""
    with connection.cursor() as cursor:
        cursor.execute(_BOUNDS)


def _load(also: Collection[UUID]) -> State:
    wanted = Q(pk__in=also)
    waiting = Delivery.objects.filter(Q(status=Delivery.Status.WAITING) | wanted).select_related("notice")
    deliveries = list(waiting.select_for_update(of=("self",)))
    incidents = (live_incidents() | Incident.objects.filter(wanted)).select_for_update()
    mutes = Mute.objects.filter(Q(until__gt=Now()) | wanted)
    return of([*incidents, *mutes, *{each.notice_id: each.notice for each in deliveries}.values(), *deliveries])


def _save(state: State, before: dict[Any, dict[str, Any]]) -> None:
    """Write what has changed, and only that: a person may have acknowledged an incident meanwhile."""
    for record in state.records():
        _write(record, before.get(record.pk))
    kept = {record.pk for record in state.records()}
    Incident.objects.filter(pk__in=before.keys() - kept, status=Incident.Status.PENDING).delete()


def _write(record: Record, before: dict[str, Any] | None) -> None:
    if before is None:
        _put(record)
        return
    changed = {name: value for name, value in _values(record).items() if before[name] != value}
    if changed:
        type(record)._base_manager.filter(pk=record.pk).update(**changed)


def _put(record: Record) -> None:
    """Insert it, or overwrite the row of the same id: a watcher that was cut off knew it longer."""
    model: type[models.Model] = type(record)
    values = _values(record)
    if not model._base_manager.filter(pk=record.pk).update(**values):
        model._base_manager.bulk_create([record])


def _values(record: Record) -> dict[str, Any]:
    fields = record._meta.concrete_fields
    return {field.attname: getattr(record, field.attname) for field in fields if not field.primary_key}
