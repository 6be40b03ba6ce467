"""Two hosts that work, what they say of themselves, and the schedule."""

from datetime import timedelta
from typing import Any, Final

from askpro.dev.pictures.week.rows import ANSWERED, Week
from askpro.health.models import Canary
from askpro.queue_settings import QUEUES
from askpro.queues.chores import schedule, shut_gates
from askpro.queues.models import FleetEvent, Pause, SlowRun, Supervisor, Worker
from askpro.watch.models import Watcher

# As in production, where each queue has a pool of its own.
POOLS: Final = {name: (name,) for name in QUEUES}
HOSTS: Final = ("askpro-01", "askpro-02")
VERSION: Final = "v1.4.0"
RECYCLED: Final = "A worker of rest on askpro-02 was recycled: holds 131 MB of 128 MB."


def make_workers(week: Week) -> None:
    for number, host in enumerate(HOSTS):
        supervisor = Supervisor.objects.create(
            host=host,
            pid=4711 + number,
            process_started_at=1.0,
            environment="production",
            code_version=VERSION,
            status=Supervisor.Status.RUNNING,
            beat_at=week.now,
            pools=list(POOLS),
        )
        Supervisor.objects.filter(pk=supervisor.pk).update(started_at=week.now - timedelta(days=3, hours=2))
        Watcher.objects.create(host=host, pid=812, started_at=week.now - timedelta(days=3), beat_at=week.now)
        for place, pool in enumerate(POOLS):
            pid = 5000 + 100 * number + place
            row = Worker.objects.create(
                supervisor=supervisor, pool=pool, host=host, pid=pid, code_version=VERSION, status="running"
            )
            Worker.objects.filter(pk=row.pk).update(started_at=week.now - timedelta(hours=9))
            week.workers.append(row)


def make_fleet(week: Week) -> None:
    """Call it after the jobs are made."""
    running = next(job for job in week.jobs if job.status == "processing")
    for supervisor in Supervisor.objects.all():
        own = [worker for worker in week.workers if worker.supervisor_id == supervisor.pk]
        supervisor.state = {
            "processes": {pool: [1, 1] for pool in POOLS},
            "wanted": dict.fromkeys(POOLS, 1),
            "queues": {pool: list(queues) for pool, queues in POOLS.items()},
            "rates": {name: [week.dice.random() * 2, 0.4] for name in QUEUES},
            "workers": {
                str(each.pk): _vitals(week, str(running.pk) if running.worker_id == each.pk else "") for each in own
            },
        }
        supervisor.save(update_fields=["state"])
    _happened(week)
    Pause.objects.create(
        kind="actor",
        name="send_due_reminders",
        by="k.gruen",
        at=week.now - timedelta(minutes=50),
        until=week.now + timedelta(hours=2),
        reason="Wir haben heute wegen Krankheit geschlossen, die Erinnerungen wären falsch.",
    )
    for queue in QUEUES:
        sent = week.now - timedelta(seconds=40)
        Canary.objects.create(queue=queue, sent_at=sent, seen_at=sent + timedelta(milliseconds=300))
    schedule.sync(week.now)
    _slow(week, running.worker_id or 0)


def _vitals(week: Week, job: str) -> dict[str, Any]:
    running = [[job, 20.0, 280.0]] if job else []
    return {
        "memory": week.dice.randrange(70, 110),
        "runs": week.dice.randrange(4000),
        "silent": 0.4,
        "leaving": False,
        "running": running,
    }


def _happened(week: Week) -> None:
    outage = week.midnight - timedelta(days=1) + timedelta(hours=9, minutes=3)
    told = (
        (shut_gates.shut("calcom:salon-kaethe-gruen", ANSWERED), outage),
        (shut_gates.opened("calcom:salon-kaethe-gruen"), outage + timedelta(minutes=56)),
        (FleetEvent(kind="recycled", text=RECYCLED), week.now),
        (
            FleetEvent(kind="restarted", text=f"askpro-01 restarted with version {VERSION}."),
            week.now - timedelta(days=3),
        ),
    )
    for event, at in told:
        event.save()
        FleetEvent.objects.filter(pk=event.pk).update(at=at)


def _slow(week: Week, worker_id: int) -> None:
    for place, job in enumerate([each for each in week.jobs if each.actor_name == "create_appointment_from_call"][-6:]):
        vendor = {"vendor": "calcom", "route": "POST /v2/bookings", "result": "ok", "count": 1}
        SlowRun.objects.create(
            job_id=job.pk,
            claim_no=1,
            actor_name=job.actor_name,
            queue_name=job.queue_name,
            worker_id=worker_id,
            company_id=week.companies[place % 2].pk,
            began_at=job.created_at,
            finished_at=job.created_at + timedelta(seconds=11 + place),
            threshold=10,
            seconds=11.2 + place,
            sql_seconds=0.3,
            sql_count=21,
            lock_seconds=0.0,
            vendor_seconds=10.4 + place,
            vendor_count=2,
            cpu_seconds=0.2,
            statements=[{"text": "SELECT ? FOR UPDATE", "count": 3, "seconds": 0.2, "longest": 0.1}],
            calls=[vendor | {"seconds": 10.4 + place, "longest": 8.0}],
        )
