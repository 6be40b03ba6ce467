"""Writes down a repair: the rows that match now, exactly, each as an item. What comes later is not part of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from askpro.by_name import job
from askpro.console.repair.bounded import LONGEST, bounded
from askpro.console.repair.chosen import Chosen
from askpro.console.repair.kinds import Asked, Verb
from askpro.console.repair.models import Repair, RepairItem
from askpro.queues.fleet import events

# Rows of one repair. More than that is no cause but an age; it is narrowed by time.
MOST: Final = 50_000
# How many times longer than a look the writing down of all rows may take.
PATIENCE: Final = 10


class TooMany(Exception):
    """More rows match than one repair takes."""


class Grown(Exception):
    """More rows match than the person was shown."""


@dataclass(frozen=True, slots=True)
class Order:
    """A deed as a person asked for it. `seen` is how many rows the page said, at the moment `looked_at`."""

    verb: Verb
    chosen: Chosen
    asked: Asked
    rate: int
    tries_first: bool
    looked_at: datetime
    seen: int | None


def start(order: Order) -> Repair:
    """Write the repair with its rows and its job. Raises `TooMany`, `Grown`, or `TooWide`."""
    chosen = order.chosen
    with transaction.atomic():
        repair = Repair.objects.create(
            kind=chosen.kind.name,
            verb=order.verb.name,
            status=Repair.Status.TRYING if order.tries_first else Repair.Status.UNDER_WAY,
            chosen=chosen.snapshot,
            reason=order.asked.reason,
            at=order.asked.at,
            user=order.asked.user,
            rate=order.rate,
            code_version=settings.CODE_VERSION,
        )
        with bounded(LONGEST * PATIENCE):
            total = _write_items(repair, _rows(order))
        if order.seen is not None and total > order.seen:
            raise Grown
        repair.move(*Repair.ACTIVE, total=total, **({} if total else {"status": Repair.Status.FINISHED}))
        if total:
            job("run_repair").send(repair_id=repair.pk)
        what = f"{order.verb.name} of {total} {chosen.kind.name} by repair {repair.pk}"
        events.note_command(what, order.asked.user.get_username(), order.asked.reason)
    return repair


def _rows(order: Order) -> Any:
    kind = order.chosen.kind
    return order.chosen.of_rows(kind.rows()).filter(kind.until(order.looked_at))


def _write_items(repair: Repair, rows: Any) -> int:
    """One statement, so that all rows are seen as they are at one moment."""
    if rows.query.is_empty():
        return 0
    inner, params = rows.order_by("pk").values("pk")[: MOST + 1].query.sql_with_params()
    table = RepairItem._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (repair_id, key, status, reason)"
            f" SELECT %s, matching.key::text, 'pending', '' FROM ({inner}) AS matching (key) ORDER BY matching.key",
            [repair.pk, *params],
        )
        count = cursor.rowcount
    if count > MOST:
        raise TooMany
    return count


def now() -> datetime:
    """The moment at which a person looks: what matches later is not meant."""
    return timezone.now()
