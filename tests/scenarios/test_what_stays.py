"""How much of a call is kept, and for how long: the figures of docs/operations.md, measured."""

import math
import os
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from dramatiq import get_broker

from askpro.health.storage import figures
from askpro.privacy.classes import Kept
from askpro.privacy.models import RetentionRun
from askpro.privacy.retention.runs import go_on
from askpro.queues.chores.retention import everything
from askpro.queues.config import FOR_EVER, Retention, retention
from tests.scenarios.world import World

pytestmark = [pytest.mark.xdist_group("scenarios"), pytest.mark.long]

CALLS = int(os.environ.get("ASKPRO_TEST_CALLS", "200"))
AT_ONCE = 4
# After so many days, of the shipped ones, another class of data is over its time.
AFTER = (0, 31, 91, 181, 366, 731, 1096)
DAY = 24 * 60
# Of these no call writes any: they are a matter of time, not of calls.
NOT_OF_CALLS = (
    *("queues_scheduledtick", "queues_fleetevent", "queues_metric", "queues_runcost", "metrics_", "health_", "watch_"),
    *("django_", "auth_", "privacy_retention", "webhooks_arrivals"),
)


def test_what_a_call_leaves_after_days_months_and_years(world: World) -> None:
    before = sizes()
    for _ in range(CALLS // AT_ONCE):
        calls = [world.call() for _ in range(AT_ONCE)]
        world.begin_to_ring(calls).result()
    world.until_done(seconds=900)
    stays = {}
    for days in AFTER:
        pass_by(days)
        now = sizes()
        of_each = {name: (size - before.get(name, 0)) / CALLS / 1000 for name, size in now.items()}
        stays[days] = sum(of_each.values())
        largest = sorted(of_each.items(), key=lambda item: -item[1])[:6]
        print(f"\nafter {days} days {stays[days]:.1f} kB a call: " + ", ".join(f"{n} {kb:.1f}" for n, kb in largest))
    assert stays[0] < 60
    assert all(later <= earlier for earlier, later in zip(stays.values(), [*stays.values()][1:], strict=False))
    assert stays[31] < 0.8 * stays[0] and stays[1096] < 0.5 * stays[0]


def sizes() -> dict[str, int]:
    """Bytes of each table that calls fill, without the room that deleted rows have left."""
    with connection.cursor() as cursor:
        names = [name for name in figures().tables if not name.startswith(NOT_OF_CALLS)]
        for name in names:
            cursor.execute(f"VACUUM FULL {name}")
    found = figures().tables
    return {name: found[name] for name in names}


def pass_by(days: int) -> None:
    """What retention does on the day so many days later: rows keep their times, and the limits come nearer."""
    for kind in Kept.values:
        run = RetentionRun.objects.create(kind=kind, by="test", began_at=timezone.now() + timedelta(days=days))
        assert go_on(run, math.inf)
    everything(aged(retention(), days * DAY))


def aged(kept: Retention, minutes: int) -> Retention:
    """The same settings when so many minutes have passed. By actor, because today's table is never dropped."""

    def left(of: int) -> int:
        return of if of == FOR_EVER else max(of - minutes, 0)

    each = {name: {"completed": left(kept.completed), "failed": left(kept.failed)} for name in get_broker().actors}
    words = {name: left(getattr(kept, name)) for name in ("failed", "archived", "monitored", "recent", "ticks")}
    return replace(kept, **words, completed=left(kept.completed) + 1, pending=FOR_EVER, actors=each)
