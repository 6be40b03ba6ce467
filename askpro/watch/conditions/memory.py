"""Memory: workers that grow until they are replaced."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from askpro.queues.metrics import job_figures
from askpro.queues.models import FleetEvent
from askpro.watch.conditions.base import Finding, Severity, Source
from askpro.watch.conditions.registry import condition, threshold

# What the event of a worker says that was recycled for its memory.
HOLDS = "was recycled: holds "
REPLACED = gettext_noop("%(count)s workers were replaced because they held more memory than their pool allows.")
GROWS = gettext_noop("Each run lets its process grow by %(megabytes)s MB, which it does not give back.")


@condition(
    code="memory_growth",
    title=_("Workers grow"),
    severity=Severity.WARNING,
    needs=[Source.POSTGRES],
    every=60,
    lasts=0,
    clears=300,
    quiet=True,
    thresholds={"recycled": 3, "run_megabytes": 2, "runs": 20, "minutes": 60},
    says=[REPLACED, GROWS],
    cause="{words}",
    todo=_(
        "See what the job keeps: a cache or list of the module grows with each run. The pool's max_jobs bounds a leak"
        " meanwhile; its memory is raised in askpro/queue_settings.py if the job needs it."
    ),
    link="/board/fleet/",
)
def memory_growth(now: datetime) -> Iterator[Finding]:
    """At least `recycled` workers of one pool and host were replaced within `minutes` for what they held, or the runs
    of one kind of job let their processes grow by more than `run_megabytes` each."""
    since = now - timedelta(minutes=threshold("memory_growth.minutes"))
    yield from _recycled(since, now)
    yield from _grown(since, now)


def _recycled(since: datetime, now: datetime) -> Iterator[Finding]:
    most = threshold("memory_growth.recycled")
    events = FleetEvent.objects.filter(kind=FleetEvent.Kind.RECYCLED, text__contains=HOLDS, at__gt=since, at__lte=now)
    for row in events.values("about").order_by("about").annotate(count=Count("pk")):
        if row["count"] >= most:
            words = REPLACED % {"count": row["count"]}
            yield Finding(row["about"] or "a pool", row["count"], most, facts={"words": words})


def _grown(since: datetime, now: datetime) -> Iterator[Finding]:
    most = threshold("memory_growth.run_megabytes")
    for each in job_figures(since, now, by="actor"):
        grown = (each.memory or 0.0) / 1e6
        if each.runs >= threshold("memory_growth.runs") and grown > most:
            words = GROWS % {"megabytes": f"{grown:.1f}"}
            yield Finding(str(each.key), round(grown, 1), most, facts={"words": words})
