"""Queues: too many ready jobs, too old ones, nobody who works them, jobs that get no further."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from askpro.queues.fleet import pauses
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.states import LATER
from askpro.watch.conditions.base import Finding, Severity, Source
from askpro.watch.conditions.registry import condition, threshold
from askpro.watch.living import living, worked_queues
from askpro.watch.ready import ready

# For a queue that the thresholds do not name.
OTHER = "other"
# More waiting jobs than these are not looked at.
MOST_WAITING = 20_000
# Why a job that is not ready gets no further, since when, in the order of what is decided first. A time of its own
# that has passed means that nobody makes it ready. Jobs whose time is yet to come wait for nothing else.
WAITING = f"""
SELECT reason, queue_name, count(*), min(since) FROM (
    SELECT queue_name,
           CASE WHEN gate IS NOT NULL AND status = 'released' THEN 'gate' WHEN rate_slot_at > %(now)s THEN 'limit'
                WHEN run_at IS NOT NULL THEN 'due' WHEN share_key IS NOT NULL THEN 'place' ELSE 'key' END AS reason,
           CASE WHEN gate IS NULL AND run_at <= %(now)s THEN run_at ELSE coalesce(ready_at, created_at) END AS since
      FROM queues_job_live
     WHERE status IN {LATER} AND (run_at IS NULL OR run_at <= %(now)s OR rate_slot_at > %(now)s OR gate IS NOT NULL)
     LIMIT {MOST_WAITING}) AS waiting
 WHERE since < %(now)s - coalesce((%(seconds)s::jsonb ->> reason)::float8, 0) * interval '1 second'
 GROUP BY 1, 2
"""
PAUSED = f"""
SELECT 'paused', queue_name, count(*), min(ready_at) FROM (
    SELECT queue_name, ready_at FROM queues_job_live
     WHERE status = 'queued' AND ready_at < %(paused_before)s
       AND (queue_name = ANY(%(paused_queues)s) OR actor_name = ANY(%(paused_actors)s))
     LIMIT {MOST_WAITING}) AS paused
 GROUP BY 1, 2
"""
ENDING = f"""
SELECT 'deadline', queue_name, count(*), min(created_at) FROM (
    SELECT queue_name, created_at FROM queues_job_live
     WHERE status IN {LATER} AND deadline_at < %(ends_before)s AND deadline_at > %(now)s
       AND deadline_at - created_at >= %(life)s LIMIT {MOST_WAITING}) AS ending
 GROUP BY 1, 2
"""
# A job that lives no longer than this may well need most of its time.
SHORT_LIFE = timedelta(hours=6)
REASONS = {
    "gate": gettext_noop("wait at a vendor's gate, which is shut or lets few through"),
    "limit": gettext_noop("wait for a slot of their rate limit"),
    "due": gettext_noop("are due but not made ready: the chores of queues_run do that"),
    "place": gettext_noop("wait for one of the few places of their kind"),
    "key": gettext_noop("wait for a key that another job holds"),
    "paused": gettext_noop("are ready, but paused"),
    "deadline": gettext_noop("end within the hour without having succeeded"),
}


@condition(
    code="queue_depth",
    title=_("A queue is backed up"),
    severity=Severity.WARNING,
    needs=[Source.POSTGRES],
    lasts=120,
    clears=120,
    thresholds={
        "critical": 200,
        "high": 500,
        "default": 2000,
        "webhooks": 2000,
        "notifications": 1000,
        "low": 5000,
        OTHER: 2000,
    },
    cause=_(
        "Ready jobs in {about}: {value}. Either more arrive than its pool can do, or each takes longer than usual."
    ),
    todo=_(
        "See what is in it and how long its jobs run. A vendor that is slow shows there, a flood by its sender."
        " queues_scale gives its pool more processes."
    ),
    link="/queues/job/?queue={about}&status__exact=queued",
)
def queue_depth(now: datetime) -> Iterator[Finding]:
    """More jobs are ready than the threshold of the queue's name, or than `other`."""
    for queue in ready(now):
        most = _most(queue.queue)
        if queue.count > most:
            yield Finding(queue.queue, queue.count, most, facts={"oldest": round(queue.age(now).total_seconds())})


@condition(
    code="promise_broken",
    title=_("A queue breaks its promise"),
    severity=Severity.CRITICAL,
    needs=[Source.POSTGRES],
    every=5,
    lasts=10,
    clears=60,
    cause=_(
        "Jobs of {about} that have waited longer than the promised {promise:g} s: {value}; the oldest for {oldest} s."
        " Its workers are too few, too slow, or hang."
    ),
    todo=_("Look who works the queue and what they run. If each worker is busy with one vendor, look at that vendor."),
    link="/queues/job/?queue={about}&status__exact=queued",
)
def promise_broken(now: datetime) -> Iterator[Finding]:
    """The oldest ready job of a queue is older than promised. Told by the number of late jobs, so that one which is
    never claimed does not hide that more and more are late."""
    for queue in ready(now):
        age = queue.age(now).total_seconds()
        if age > queue.promise:
            since = queue.since + timedelta(seconds=queue.promise)
            facts: dict[str, str | int | float] = {"oldest": round(age), "promise": queue.promise}
            yield Finding(queue.queue, max(queue.late, 1), 0, since, facts)


@condition(
    code="queue_without_consumer",
    title=_("Nobody works a queue"),
    severity=Severity.CRITICAL,
    needs=[Source.POSTGRES],
    every=10,
    lasts=20,
    clears=20,
    cause=_(
        "No worker of any host takes jobs from {about}, where some are ready ({value}): no pool names it, the pool's"
        " workers cannot start, or the host that ran it is gone."
    ),
    todo=_(
        "queues_check says whether a pool works it; queues_status which hosts live. An undeclared queue holds jobs"
        " of an earlier release: run that code, or move them."
    ),
)
def queue_without_consumer(now: datetime) -> Iterator[Finding]:
    """A queue holds ready jobs, and no living worker process takes jobs from it. Without any living host,
    `no_queues_run` says so."""
    alive = living(now)
    worked = worked_queues(alive)
    for queue in ready(now) if alive else ():
        if queue.queue not in worked:
            yield Finding(queue.queue, queue.count, 0, queue.since)


@condition(
    code="waiting_too_long",
    title=_("Jobs get no further"),
    severity=Severity.WARNING,
    needs=[Source.POSTGRES],
    every=60,
    lasts=60,
    clears=120,
    thresholds={
        "gate": 3600,
        "limit": 1800,
        "due": 60,
        "place": 1800,
        "key": 1800,
        "paused": 4 * 3600,
        "deadline": 3600,
    },
    says=REASONS.values(),
    cause=_("Jobs of {queue} that {words}: {value}."),
    todo=_("Open one of them: its page says what it waits for, and who has it."),
    link="/queues/job/?queue={queue}",
)
def waiting_too_long(now: datetime) -> Iterator[Finding]:
    """Jobs wait longer than the threshold of the reason: `deadline` is how long before their end they are told of."""
    for reason, queue, count, since in _waiting(now):
        seconds = threshold(f"waiting_too_long.{reason}")
        facts = {"queue": queue, "reason": reason, "words": REASONS[reason]}
        told_since = None if reason == "deadline" else since + timedelta(seconds=seconds)
        yield Finding(f"{queue}: {reason}", count, 0, told_since, facts)


def _most(queue: str) -> float:
    try:
        return threshold(f"queue_depth.{queue}")
    except KeyError:
        return threshold(f"queue_depth.{OTHER}")


def _waiting(now: datetime) -> list[tuple[str, str, int, datetime]]:
    seconds = {reason: threshold(f"waiting_too_long.{reason}") for reason in REASONS}
    values: dict[str, Any] = {
        "now": now,
        "seconds": json.dumps(seconds),
        "paused_before": now - timedelta(seconds=seconds["paused"]),
        "ends_before": now + timedelta(seconds=seconds["deadline"]),
        "life": SHORT_LIFE,
    }
    with connection.cursor() as cursor:
        database = DjangoConnection(cursor)
        paused = pauses.paused(database)
        values["paused_queues"] = [name for kind, name in paused if kind == "queue"]
        values["paused_actors"] = [name for kind, name in paused if kind == "actor"]
        # All ready jobs are read for it.
        statements = [WAITING, ENDING, *([PAUSED] if paused else [])]
        return [row for statement in statements for row in database.rows(statement, values)]
