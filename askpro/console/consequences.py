"""What will follow from an act on the fleet, in sentences with the numbers of now."""

from datetime import timedelta

from django.db.models import Min
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
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
        _whose_pause(kind) % {"name": name},
        _running_on(running),
        _("Ready jobs that will wait, with all that are sent: %(count)s.") % {"count": _waiting(kind, name)},
        _("Deadlines keep running: a job that waits past its own (a day, unless it says otherwise) is dead."),
    ]
    if kind == "queue":
        names = sorted(actor.actor_name for actor in get_broker().actors.values() if actor.queue_name == name)
        follows.append(_("Jobs affected: %(jobs)s.") % {"jobs": ", ".join(names) or _("none")})
    return follows


def of_resume(kind: str, name: str) -> list[str]:
    oldest = Job.objects.filter(status=Job.Status.QUEUED, **_where(kind, name)).aggregate(age=Now() - Min("ready_at"))
    if kind == "queue":
        claimed = _("Workers take jobs of the queue %(name)s again at once.") % {"name": name}
    else:
        claimed = _("Workers take the jobs %(name)s again at once.") % {"name": name}
    follows = [claimed, _("Ready jobs that wait: %(count)s.") % {"count": _waiting(kind, name)}]
    if oldest["age"]:
        follows.append(_("The oldest has waited %(length)s.") % {"length": display.duration(oldest["age"])})
    return follows


def of_scale(pool: str) -> list[str]:
    line = next((line for line in pool_lines(living()) if line.pool.name == pool), None)
    if line is None or not line.hosts:
        return [_("No host runs this pool now: there is nobody to tell.")]
    told = ngettext(
        "%(hosts)s host runs it, with %(processes)s processes.",
        "%(hosts)s hosts run it, with %(processes)s processes together.",
        line.hosts,
    )
    least, most = line.pool.min_processes * len(line.pool.groups), line.pool.max_processes
    return [
        told % {"hosts": _count(line.hosts), "processes": _count(line.now)},
        _("By its settings, each host runs %(least)s to %(most)s.") % {"least": least, "most": most},
        _("A number you set holds on each host, whatever the load, until its queues_run ends."),
        _("Each process runs %(count)s jobs at once, and holds connections to PostgreSQL.")
        % {"count": line.pool.threads},
        _("Surplus processes finish their jobs first. One stays for each queue: to stop a queue, pause it."),
    ]


def of_restart(supervisor: Supervisor | None) -> list[str]:
    return [
        _("Will restart: %(hosts)s.") % {"hosts": _hosts(supervisor)},
        _("The new code is test-started first; if it fails, the old code keeps running."),
        _("The old workers work until the new ones do, then finish their jobs (running now: %(count)s).")
        % {"count": _running(supervisor)},
        _("Until then there are twice as many processes and connections."),
        _("No job is lost, and none runs twice."),
    ]


def of_stop(supervisor: Supervisor | None) -> list[str]:
    follows = [
        _("Will stop: %(hosts)s.") % {"hosts": _hosts(supervisor)},
        _("Running jobs are finished (now: %(count)s); the others wait for another host.")
        % {"count": _running(supervisor)},
        _("They start again only when a person or a process manager starts queues_run there."),
    ]
    left = [row for row in living() if supervisor is not None and row.pk != supervisor.pk]
    if not left:
        follows.append(_("Then no host works any queue: calls are still taken in, but their jobs wait."))
    return follows


def _where(kind: str, name: str) -> dict[str, str]:
    if kind == "queue":
        return {"queue_name": name}
    actor = get_broker().actors.get(name)
    # With its queue, which is what the index of ready jobs begins with.
    return {"actor_name": name} | ({"queue_name": actor.queue_name} if actor else {})


def _whose_pause(kind: str) -> str:
    if kind == "queue":
        return _("From now on no host takes jobs of the queue %(name)s, not even after a restart.")
    return _("From now on no host takes the jobs %(name)s, not even after a restart.")


def _running_on(running: int) -> str:
    told = ngettext(
        "%(count)s job is running or about to start; it will finish.",
        "%(count)s jobs are running or about to start; they will finish.",
        running,
    )
    return told % {"count": _count(running)}


def _waiting(kind: str, name: str) -> str:
    ready = Job.objects.filter(status=Job.Status.QUEUED, **_where(kind, name)).order_by()
    count = ready[: MOST + 1].count()
    return f"{_count(min(count, MOST))}{'+' if count > MOST else ''}"


def _hosts(supervisor: Supervisor | None) -> str:
    found = [Host(supervisor, timedelta(0))] if supervisor else [host for host in _all() if not host.is_silent]
    pattern = _("%(host)s (%(count)s processes)")
    names = ", ".join(pattern % {"host": host.row.host, "count": host.processes} for host in found)
    return names or _("nobody: no host is running")


def _all() -> list[Host]:
    return [host for host in hosts(timezone.now()) if host.row.status in Supervisor.LIVING]


def _running(supervisor: Supervisor | None) -> str:
    jobs = Job.objects.filter(status=Job.Status.PROCESSING)
    if supervisor is not None:
        jobs = jobs.filter(worker_id__in=list(supervisor.workers.filter(status="running").values_list("pk", flat=True)))
    return _count(jobs.count())


def _count(number: int) -> str:
    return display.number(number)
