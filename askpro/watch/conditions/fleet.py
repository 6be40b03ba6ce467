"""Those who work the queues: none, dead or silent hosts, stuck workers, workers that cannot start."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from askpro.language import engine_words
from askpro.queues.fleet.state import STUCK_AFTER, State
from askpro.queues.models import FleetEvent, Supervisor
from askpro.watch.conditions.base import Finding, Severity, Source
from askpro.watch.conditions.registry import condition, threshold
from askpro.watch.living import fallen, living

Kind = FleetEvent.Kind
# What the events say, which the findings repeat.
SAID = (*engine_words.EVENTS, *engine_words.ENDS_OF_PROCESSES)
STUCK = engine_words.STUCK
# What ends each kind of trouble, by the same supervisor and about the same.
ENDS = {Kind.START_TROUBLE: Kind.START_WELL, Kind.RESTART_TROUBLE: Kind.RESTARTED}


@condition(
    code="no_queues_run",
    title=_("Nobody works the queues"),
    severity=Severity.CRITICAL,
    needs=[Source.POSTGRES],
    every=5,
    lasts=20,
    clears=10,
    cause=_(
        "No queues_run is alive on any host. Webhooks are stored and answered; nothing is booked, sent or retried."
    ),
    todo=_("Start it: systemctl start askpro-queues, or python3 manage.py queues_run. Its log says why it ended."),
    link="/board/fleet/",
)
def no_queues_run(now: datetime) -> Iterator[Finding]:
    """No supervisor has beaten within the last 15 s."""
    if not living(now):
        last = Supervisor.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
        yield Finding("queues_run", 0, 1, last)


@condition(
    code="supervisor_dead",
    title=_("A host fell silent"),
    severity=Severity.CRITICAL,
    needs=[Source.POSTGRES],
    every=10,
    lasts=0,
    clears=20,
    # Hours after which a host that does not come back is no longer missed; minutes that a replaced death is told.
    thresholds={"hours": 24, "minutes": 10},
    cause=_(
        "A queues_run on {about} ended without signing off, or the host is cut off. Others have taken over its jobs"
        " where there are others."
    ),
    todo=_(
        "Look at the host and at the service's log. If it shall not come back, mute the incident, which ends by itself"
        " within a day."
    ),
    link="/board/fleet/",
)
def supervisor_dead(now: datetime) -> Iterator[Finding]:
    """A supervisor stopped beating. Over when it beats again, or when ten minutes have passed since another began on
    the same host. One that ended and began again within a minute or two is told, too: nobody had asked it to."""
    alive = living(now)
    for row in fallen(now, timedelta(hours=threshold("supervisor_dead.hours"))):
        successors = [each.started_at for each in alive if each.host == row.host and each.started_at > row.started_at]
        known_until = row.beat_at + timedelta(minutes=threshold("supervisor_dead.minutes"))
        if not successors or now < known_until:
            yield Finding(row.host, 1, 1, row.beat_at)


@condition(
    code="worker_stuck",
    title=_("A worker was stuck"),
    severity=Severity.WARNING,
    needs=[Source.POSTGRES],
    every=10,
    lasts=0,
    clears=60,
    thresholds={"minutes": 15},
    says=SAID,
    cause=_("{text} A worker gave no sign of life, or a job ignored its time limit; its host killed and replaced it."),
    todo=_(
        "The attempts of its jobs keep where their threads were. The same job again and again means a job that hangs."
    ),
    link="/board/fleet/",
)
def worker_stuck(now: datetime) -> Iterator[Finding]:
    """A worker was found stuck within the last minutes, or is: silent, or past the time limit of its job."""
    since = now - timedelta(minutes=threshold("worker_stuck.minutes"))
    events = FleetEvent.objects.filter(kind=Kind.WORKER_STUCK, at__gt=since, at__lte=now).order_by("pk")
    found = {event.about or "a pool": event for event in events}
    for about, event in found.items():
        yield Finding(about, sum(each.about == event.about for each in events), 0, event.at, {"text": event.text})
    for row in living(now):
        for group, silent in _stuck(row):
            if (about := f"{group} on {row.host}") not in found:
                yield Finding(about, silent, STUCK_AFTER, facts={"text": STUCK % {"group": about}})


@condition(
    code="start_trouble",
    title=_("Workers or new code do not start"),
    severity=Severity.CRITICAL,
    needs=[Source.POSTGRES],
    every=10,
    lasts=0,
    clears=20,
    thresholds={"hours": 24},
    says=SAID,
    cause="{text}",
    todo=_(
        "Start one by hand to see the whole error: python3 manage.py queues_check, then queues_run. Until then the"
        " processes that were there before keep working."
    ),
    link="/board/fleet/",
)
def start_trouble(now: datetime) -> Iterator[Finding]:
    """A living host reported that it cannot start workers, or its new code, and has not reported the opposite."""
    since = now - timedelta(hours=threshold("start_trouble.hours"))
    alive = [row.pk for row in living(now)]
    told = FleetEvent.objects.filter(supervisor_id__in=alive, kind__in=[*ENDS, *ENDS.values()])
    last: dict[tuple[int | None, str, bool], FleetEvent] = {}
    for event in told.filter(at__gt=since, at__lte=now).order_by("pk"):
        last[event.supervisor_id, event.about, _is_of_code(event)] = event
    for event in last.values():
        if event.kind in ENDS:
            yield Finding(event.about or "a host", 1, 0, event.at, {"text": event.text})


def _stuck(row: Supervisor) -> Iterator[tuple[str, float]]:
    """The workers of a host that its forker is about to kill: only their pools' names are known here."""
    state = State.from_json(row.state)
    pools = dict(row.workers.filter(pk__in=state.workers).values_list("pk", "pool"))
    for key, worker in state.workers.items():
        if any(run.left < 0 for run in worker.running) or (worker.silent > STUCK_AFTER and not worker.running):
            yield pools.get(key, "a pool"), worker.silent


def _is_of_code(event: FleetEvent) -> bool:
    return event.kind in (Kind.RESTART_TROUBLE, Kind.RESTARTED)
