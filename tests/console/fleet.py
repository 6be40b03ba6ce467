"""An invented fleet: hosts alive, silent and dead, their workers, pauses, commands, events, and snapshots."""

import math
import random
from datetime import timedelta
from typing import Any

from django.utils import timezone

from askpro.queue_settings import QUEUES
from askpro.queues.ids import uuid7
from askpro.queues.metrics.histogram import bucket_of
from askpro.queues.models import (
    ArchivedJob,
    FleetCommand,
    FleetEvent,
    Job,
    MetricMinute,
    MetricsSnapshot,
    Pause,
    SlowRun,
    Supervisor,
    Worker,
)
from tests.console.world import HOSTILE, World

GROUPS = {
    "urgent": ("critical", "high"),
    "outside": ("webhooks", "notifications"),
    "rest": ("default", "low"),
}


def make_workers(world: World) -> None:
    """Two hosts that live, one that is dead, one that stopped."""
    now = timezone.now()
    shared: dict[str, Any] = {"process_started_at": 1.0, "environment": "local", "pools": list(GROUPS)}
    for number, (host, status) in enumerate([("askpro-01", "running"), ("askpro-02", "running")]):
        row = Supervisor.objects.create(
            host=host, pid=4711 + number, code_version="v0.1", status=status, beat_at=now, **shared
        )
        Supervisor.objects.filter(pk=row.pk).update(started_at=now - timedelta(days=3, hours=number))
        for place, pool in enumerate(GROUPS):
            made = {"supervisor": row, "pool": pool, "host": host, "pid": 5000 + 100 * number + place}
            world.workers.append(Worker.objects.create(status="running", code_version="v0.1", **made))
    dead = Supervisor.objects.create(
        host="askpro-03.rechenzentrum-frankfurt.example.org", pid=881, code_version="v0.0.9", status="dead", **shared
    )
    Supervisor.objects.filter(pk=dead.pk).update(beat_at=now - timedelta(hours=3), started_at=now - timedelta(days=9))
    Supervisor.objects.create(host="askpro-01", pid=3999, code_version="v0.0.9", status="stopped", **shared)


def make_fleet(world: World, dice: random.Random) -> None:
    """The hosts' reports about themselves, and the acts on them. Call it after the jobs are made."""
    running = list(Job.objects.filter(status="processing").order_by("-pk")[:3])
    for row in Supervisor.objects.filter(status="running"):
        workers = [worker for worker in world.workers if worker.supervisor_id == row.pk]
        said = {str(worker.pk): _vitals(place, running, dice) for place, worker in enumerate(workers)}
        row.state = {
            "processes": {pool: [1, 1 + (pool == "rest")] for pool in GROUPS},
            "wanted": {pool: 2 if pool == "urgent" else 1 for pool in GROUPS},
            "queues": {pool: list(queues) for pool, queues in GROUPS.items()},
            "rates": {name: [dice.random() * 4, dice.random()] for name in QUEUES},
            "workers": said,
        }
        row.save(update_fields=["state"])
    Pause.objects.create(
        kind="actor",
        name="send_sms_notification",
        by="chefin",
        until=timezone.now() + timedelta(hours=2),
        reason="Twilio hat eine Störung gemeldet; bis zur Entwarnung keine SMS.",
    )
    first = Supervisor.objects.filter(status="running").order_by("pk")[0]
    FleetCommand.objects.create(supervisor=first, kind="restart", by="chefin", taken_at=timezone.now())
    FleetCommand.objects.create(supervisor=first, kind="scale", pool="urgent", processes=3, by="root@askpro-01")
    _events(first)
    _archived()
    SlowRun.objects.create(
        job_id=running[0].pk,
        claim_no=1,
        actor_name=running[0].actor_name,
        queue_name="high",
        worker_id=world.workers[0].pk,
        company_id=world.companies[0].pk,
        began_at=timezone.now(),
        threshold=10,
        seconds=12.5,
        sql_seconds=11.0,
        sql_count=3,
        lock_seconds=9.0,
        vendor_seconds=1.0,
        vendor_count=1,
        cpu_seconds=0.1,
        statements=[{"text": "SELECT ? FOR UPDATE", "count": 3, "seconds": 11.0, "longest": 9.0}],
        calls=[{"vendor": "calcom", "route": "POST /v2/x", "result": "ok", "count": 1, "seconds": 1, "longest": 1}],
    )


def _vitals(place: int, running: list[Job], dice: random.Random) -> dict[str, Any]:
    job = running[place] if place < len(running) else None
    left = -3.2 if place == 0 else 41.0
    return {
        "memory": dice.randrange(18, 90),
        "runs": dice.randrange(4000),
        "silent": 0.4,
        "leaving": False,
        "running": [[str(job.pk), 4.1 + 60 * place, left]] if job else [],
    }


def _events(first: Supervisor) -> None:
    texts = {
        "supervisor_dead": "Supervisor 3 on askpro-03.rechenzentrum-frankfurt.example.org (process 881) fell silent;"
        " others take over its jobs.",
        "worker_dead": "Worker 17 of urgent died; 2 jobs are ready again.",
        "worker_stuck": "Worker 12 of rest died; 1 jobs are ready again.",
        "start_trouble": f"A worker of rest on askpro-02 cannot start: {HOSTILE}.",
        "restart_trouble": "The new code on askpro-01 does not start: exit code 1; the old code keeps running.",
        "recycled": "A worker of rest on askpro-01 was recycled: holds 131 MB of 128 MB.",
        "command": "chefin: pause actor send_sms_notification (Twilio hat eine Störung gemeldet)",
    }
    for number, (kind, text) in enumerate(texts.items()):
        event = FleetEvent.objects.create(kind=kind, text=text, supervisor_id=first.pk)
        at = timezone.now() - timedelta(minutes=37 * (len(texts) - number))
        FleetEvent.objects.filter(pk=event.pk).update(at=at)


def _archived() -> None:
    long_ago = timezone.now() - timedelta(days=400)
    ArchivedJob.objects.create(
        id=uuid7(),
        actor_name="send_sms_notification",
        queue_name="notifications",
        tags=["call:17", HOSTILE[:100]],
        error_class="notifications.twilio.errors.Refused",
        created_at=long_ago,
        finished_at=long_ago + timedelta(minutes=5),
        story={
            "args": [],
            "kwargs": {"notification_id": 17},
            "error_message": HOSTILE,
            "attempts": [{"no": 1, "outcome": "failed", "finished_at": str(long_ago), "error_message": HOSTILE}],
        },
    )


def make_snapshots(dice: random.Random, days: float) -> None:
    """What the chores would have written every five minutes: how queues stood, and what jobs did."""
    now, step = timezone.now(), timedelta(minutes=5)
    actors = list(Job.objects.order_by().values_list("actor_name", "queue_name").distinct())
    queues, minutes = [], []
    for number in range(int(days * 24 * 60 / 5)):
        at = (now - number * step).replace(second=0, microsecond=0)
        busy = 0.3 + 0.7 * max(0.0, math.sin((at.hour + at.minute / 60 - 6) / 24 * 2 * math.pi))
        for name in QUEUES:
            queues.append(
                MetricsSnapshot(
                    queue_name=name, at=at, ready=int(busy * dice.randrange(12)), running=2,
                    oldest=busy * dice.random() * 14,
                )
            )  # fmt: skip
        for actor, queue in actors:
            done = int(busy * dice.randrange(15)) + 1
            of_runs = {"at": at, "queue_name": queue, "actor_name": actor}
            for what, count in (("completed", done), ("failed", done // dice.randrange(5, 40))):
                took = 0.05 + dice.random() * busy
                tally = {"what": what, "bucket": bucket_of(took), "count": count, "total": took * count}
                minutes += [MetricMinute(**of_runs, **tally)] if count else []
    MetricsSnapshot.objects.bulk_create(queues, batch_size=1000)
    MetricMinute.objects.bulk_create(minutes, batch_size=1000)
