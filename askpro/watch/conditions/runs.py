"""Runs of jobs: too many that fail, too slow ones, and some that are much slower than they used to be."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from askpro.queues.fleet.state import State
from askpro.queues.metrics import Figures, job_figures
from askpro.queues.models import Job
from askpro.watch.conditions.base import Finding, Severity, Source
from askpro.watch.conditions.dead_jobs import UNKNOWN, VENDORS_WORDS
from askpro.watch.conditions.registry import condition, threshold
from askpro.watch.living import living

# For a queue that the thresholds do not name.
OTHER = "other"
SLOWER = gettext_noop("took more than %(seconds)s s in one of twenty runs; usually that is %(usual)s s")
NEAR_ITS_LIMIT = gettext_noop("has been running for %(seconds)s s of the %(limit)s s that it may")
# The days before, with which the last minutes are compared.
USUAL: Final = timedelta(days=7)


@condition(
    code="failure_rate",
    title=_("Many runs fail"),
    severity=Severity.WARNING,
    needs=[Source.POSTGRES],
    every=60,
    lasts=0,
    clears=300,
    thresholds={"share": 0.25, "failed": 10, "minutes": 15},
    says=[UNKNOWN],
    cause=_(
        "{failed} of {runs} runs in {about} failed within {minutes:g} minutes, most of them with {worst}. Jobs that"
        " failed are tried again, and die when no try is left."
    ),
    todo=_("Look at what fails, and whether it began with a release or with a vendor."),
    link="/board/failures/",
)
def failure_rate(now: datetime) -> Iterator[Finding]:
    """The share of a queue's runs that fail is above `share`, and at least `failed` did within `minutes`."""
    minutes, share = threshold("failure_rate.minutes"), threshold("failure_rate.share")
    for each in job_figures(now - timedelta(minutes=minutes), now, by="queue"):
        failed = _failed(each)
        if failed >= threshold("failure_rate.failed") and failed > share * each.runs:
            kinds = (error.rpartition(".")[2] for error in each.by_class)
            worst = next((kind for kind in kinds if kind not in VENDORS_WORDS), "") or UNKNOWN
            facts: dict[str, str | int | float] = {
                "failed": failed,
                "runs": each.runs,
                "minutes": minutes,
                "worst": worst,
            }
            yield Finding(str(each.key), round(failed / each.runs, 2), share, facts=facts)


def _failed(figures: Figures) -> int:
    """Without those that a vendor refused to everybody, for a key or for money: that is told once, of the vendor."""
    return figures.failed - sum(
        count for error, count in figures.by_class.items() if error.rpartition(".")[2] in VENDORS_WORDS
    )


@condition(
    code="processing_time",
    title=_("Jobs take long"),
    severity=Severity.WARNING,
    needs=[Source.POSTGRES],
    every=60,
    lasts=0,
    clears=300,
    quiet=True,
    thresholds={
        "critical": 20,
        "high": 30,
        "default": 60,
        "webhooks": 20,
        "notifications": 30,
        "low": 300,
        OTHER: 60,
        "runs": 20,
        "minutes": 15,
    },
    cause=_(
        "Of {runs} runs in {about}, one in twenty took longer than {value} s. A vendor, PostgreSQL or the host is slow."
    ),
    todo=_("The slow jobs' page says which statement or request took the time."),
    link="/board/metrics/",
)
def processing_time(now: datetime) -> Iterator[Finding]:
    """The 95th percentile of a queue's run times is above the threshold of its name, or `other`."""
    since = now - timedelta(minutes=threshold("processing_time.minutes"))
    for each in job_figures(since, now, by="queue"):
        queue, most = str(each.key), _most(str(each.key))
        if each.run.count >= threshold("processing_time.runs") and _p95(each) > most:
            yield Finding(queue, round(_p95(each), 1), most, facts={"runs": each.run.count})


@condition(
    code="slow_jobs",
    title=_("A job is much slower than usual"),
    severity=Severity.WARNING,
    needs=[Source.POSTGRES],
    every=60,
    lasts=0,
    clears=300,
    quiet=True,
    thresholds={"share": 0.8, "seconds": 10, "times": 5, "runs": 10, "minutes": 30},
    says=[SLOWER, NEAR_ITS_LIMIT],
    cause="{about} {words}.",
    todo=_(
        "`queues_stack` shows where a running job is. What has grown: its data, a vendor's answers, a missing index?"
    ),
    link="/queues/job/?q={about}",
    patience=10,
)
def slow_jobs(now: datetime) -> Iterator[Finding]:
    """A job that runs has used most of its time limit, or a kind of job takes several times as long as in the last
    seven days. Runs below `seconds` are never slow."""
    found = {finding.about: finding for finding in _slower_than_usual(now)}
    found |= {finding.about: finding for finding in _near_their_limit(now)}
    yield from found.values()


def _most(queue: str) -> float:
    try:
        return threshold(f"processing_time.{queue}")
    except KeyError:
        return threshold(f"processing_time.{OTHER}")


def _p95(figures: Figures) -> float:
    return figures.run.quantile(0.95) or 0.0


def _slower_than_usual(now: datetime) -> Iterator[Finding]:
    since = now - timedelta(minutes=threshold("slow_jobs.minutes"))
    # Long periods are read in whole hours.
    before_that = since - timedelta(hours=1)
    runs, times = threshold("slow_jobs.runs"), threshold("slow_jobs.times")
    lately = [each for each in job_figures(since, now, by="actor") if _p95(each) > threshold("slow_jobs.seconds")]
    usual = {each.key: each for each in job_figures(since - USUAL, before_that, by="actor")} if lately else {}
    for each in lately:
        before = usual.get(each.key)
        if before and min(each.run.count, before.run.count) >= runs and _p95(each) > times * _p95(before):
            words = SLOWER % {"seconds": f"{_p95(each):.1f}", "usual": f"{_p95(before):.1f}"}
            yield Finding(str(each.key), round(_p95(each), 1), round(times * _p95(before), 1), facts={"words": words})


def _near_their_limit(now: datetime) -> Iterator[Finding]:
    share, least = threshold("slow_jobs.share"), threshold("slow_jobs.seconds")
    workers = [worker for row in living(now) for worker in State.from_json(row.state).workers.values()]
    running = [run for worker in workers for run in worker.running]
    slow = [run for run in running if run.seconds >= least and run.seconds >= share * (run.seconds + run.left)]
    names = dict(Job.objects.filter(pk__in=[run.job_id for run in slow]).values_list("pk", "actor_name"))
    for run in sorted(slow, key=lambda run: run.seconds):
        limit = run.seconds + run.left
        facts = {"words": NEAR_ITS_LIMIT % {"seconds": f"{run.seconds:.0f}", "limit": f"{limit:.0f}"}}
        yield Finding(names.get(UUID(run.job_id), "a job"), round(run.seconds), round(share * limit), facts=facts)
