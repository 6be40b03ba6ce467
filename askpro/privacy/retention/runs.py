"""Walks through all tables of a class of data, in small transactions, and keeps count."""

import time
from collections.abc import Callable

from django.db import transaction

from askpro.privacy.models import RetentionCount, RetentionRun
from askpro.privacy.retention.days import Days
from askpro.privacy.retention.shelves import shelves_of
from askpro.privacy.retention.walk import Counts, Walk


def go_on(run: RetentionRun, until: float, note: Callable[[], object] = lambda: None) -> bool:
    """Go on with a run until this moment (monotonic); False when something is left to read.

    Each page is cleared, counted and passed in one transaction. Raises `ValueError` when RETENTION_DAYS cannot be read.
    """
    days, shelves = Days.of(run.kind), shelves_of(run.kind)
    while run.shelf < len(shelves):
        if time.monotonic() >= until:
            return False
        _bite(run, Walk(shelves[run.shelf], days, run.began_at, run.company_id))
        note()
    oldest = [at for shelf in shelves if (at := shelf.oldest())] if run.company_id is None else []
    run.end(min(oldest, default=None))
    return True


def dry(kind: str, began: RetentionRun) -> dict[int | None, Counts]:
    """What a run would do, by company. Nothing is written."""
    days, counts = Days.of(kind), dict[int | None, Counts]()
    for shelf in shelves_of(kind):
        walk, place = Walk(shelf, days, began.began_at, began.company_id, is_dry=True), 0
        while True:
            bite = walk.bite(place)
            for company_id, found in bite.counts.items():
                counts[company_id] = counts.get(company_id, Counts())
                counts[company_id] += found
            if bite.place is None:
                break
            place = bite.place
    return counts


def _bite(run: RetentionRun, walk: Walk) -> None:
    with transaction.atomic():
        bite = walk.bite(run.place)
        for company_id, counts in bite.counts.items():
            RetentionCount.add(run, company_id, **{name: getattr(counts, name) for name in counts.__slots__})
        is_first = run.move(run.shelf + 1, 0) if bite.place is None else run.move(run.shelf, bite.place)
        if not is_first:
            # Another process walks here, too: its counts stand, and these rows were cleared by either.
            transaction.set_rollback(True)
    if not is_first:
        run.refresh_from_db()
