"""What will follow from an act on the fleet, in sentences with the numbers of now."""

from datetime import timedelta

from django.db.models import Min
from django.db.models.functions import Now
from django.utils import timezone
from dramatiq import get_broker

from askpro.console import display
from askpro.console.fleet_board import Host, hosts, living, pool_lines
from askpro.queues.models import Job, Supervisor

# Counting stops here.
MOST = 10_000


def of_pause(kind: str, name: str) -> list[str]:
    jobs = Job.objects.filter(**_where(kind, name))
    running = jobs.filter(status=Job.Status.PROCESSING).count()
    follows = [
        f"From this moment nobody claims {_whose(kind, name)}, on any host, over restarts.",
        f"{_count(running)} run or are about to: they go on. {_waiting(kind, name)} wait, as does what is sent.",
        "Deadlines go on counting: a job that waits past its own (a day, unless it says otherwise) is dead.",
    ]
    if kind == "queue":
        names = sorted(actor.actor_name for actor in get_broker().actors.values() if actor.queue_name == name)
        follows.append(f"These jobs stand still: {', '.join(names) or 'none'}.")
    return follows


def of_resume(kind: str, name: str) -> list[str]:
    oldest = Job.objects.filter(status=Job.Status.QUEUED, **_where(kind, name)).aggregate(age=Now() - Min("ready_at"))
    words = f"; the oldest has waited {display.duration(oldest['age'])}" if oldest["age"] else ""
    return [f"Workers claim {_whose(kind, name)} again at once: {_waiting(kind, name)} wait{words}."]


def of_scale(pool: str) -> list[str]:
    line = next((line for line in pool_lines(living()) if line.pool.name == pool), None)
    if line is None or not line.hosts:
        return ["No host runs this pool now: nobody would be told."]
    each = f"{line.pool.min_processes * len(line.pool.groups)} to {line.pool.max_processes}"
    now = f"{_count(line.hosts)} host{'s' if line.hosts > 1 else ''} run it, with {line.now} processes together"
    return [
        f"{now}; its settings say {each} on each.",
        "A number holds on each host, whatever the load, until its queues_run ends.",
        f"Each process runs {line.pool.threads} at once, and holds connections to PostgreSQL.",
        "Processes that are too many finish their jobs first. One stays for each queue: to stop a queue, pause it.",
    ]


def of_restart(supervisor: Supervisor | None) -> list[str]:
    return [
        f"To execute themselves anew: {_hosts(supervisor)}.",
        "The code of now is tried in a process of its own first. Where it does not start, the old goes on.",
        f"The old workers work until the new ones do, then finish their jobs ({_running(supervisor)} run now).",
        "For that time there are twice as many processes and connections.",
        "Nothing is lost and nothing runs twice.",
    ]


def of_stop(supervisor: Supervisor | None) -> list[str]:
    follows = [
        f"To end: {_hosts(supervisor)}. What runs is finished ({_running(supervisor)} now), the rest goes back.",
        "They start again only when somebody or a process manager starts queues_run there.",
    ]
    left = [row for row in living() if supervisor is not None and row.pk != supervisor.pk]
    if not left:
        follows.append("Nobody works any queue then: calls are still taken in, their jobs wait.")
    return follows


def _where(kind: str, name: str) -> dict[str, str]:
    if kind == "queue":
        return {"queue_name": name}
    actor = get_broker().actors.get(name)
    # With its queue, which is what the index of ready jobs begins with.
    return {"actor_name": name} | ({"queue_name": actor.queue_name} if actor else {})


def _waiting(kind: str, name: str) -> str:
    ready = Job.objects.filter(status=Job.Status.QUEUED, **_where(kind, name)).order_by()
    count = ready[: MOST + 1].count()
    return f"{_count(min(count, MOST))}{'+' if count > MOST else ''} ready jobs"


def _whose(kind: str, name: str) -> str:
    return f"jobs of queue {name}" if kind == "queue" else f"{name} jobs"


def _hosts(supervisor: Supervisor | None) -> str:
    found = [Host(supervisor, timedelta(0))] if supervisor else [host for host in _all() if not host.is_silent]
    names = ", ".join(f"{host.row.host} ({host.processes} processes)" for host in found)
    return names or "nobody, since no host runs now"


def _all() -> list[Host]:
    return [host for host in hosts(timezone.now()) if host.row.status in Supervisor.LIVING]


def _running(supervisor: Supervisor | None) -> str:
    jobs = Job.objects.filter(status=Job.Status.PROCESSING)
    if supervisor is not None:
        jobs = jobs.filter(worker_id__in=list(supervisor.workers.filter(status="running").values_list("pk", flat=True)))
    return f"{_count(jobs.count())} jobs"


def _count(number: int) -> str:
    return f"{number:,}"
