"""Checks of batches and keys that must hold once all jobs are over."""

from collections.abc import Callable

from django.conf import settings

from tests.chaos.load import KEYS, SENDERS
from tests.chaos.rows import LOST, RUNS, UNPREVENTABLE, rows

# An attempt's start comes from two clocks, and is sometimes noted only after waiting for PostgreSQL.
TOLD_LATE = 1.0
# A chain is one member: failed when a step of it is dead or cancelled.
MEMBERS = """
SELECT batch_id, count(*) AS total, count(*) FILTER (WHERE failed) AS failed FROM (
    SELECT batch_id, bool_or(status IN ('dead', 'cancelled')) AS failed FROM queues_job
     WHERE batch_id IS NOT NULL GROUP BY batch_id, coalesce(chain_id, id)
) AS member GROUP BY batch_id
"""
EVENTS = ("success", "failure", "finish")


def _batches_are_counted_exactly() -> list[str]:
    found = rows(
        "SELECT batch.name, status, pending, batch.total, batch.failed, member.total, member.failed"
        f" FROM queues_batch AS batch LEFT JOIN ({MEMBERS}) AS member ON member.batch_id = batch.id"
        " WHERE (status, pending, batch.total, batch.failed)"
        " IS DISTINCT FROM ('finished', 0, member.total::int, member.failed::int)"
    )
    ((sent, kept),) = rows(
        "SELECT (SELECT count(*) FROM sent WHERE kind IN ('tolerant', 'strict')), (SELECT count(*) FROM queues_batch)"
    )
    return [f"batch {name}: {told}" for name, *told in found] + (
        [f"{sent} batches were sent and {kept} exist"] if sent != kept else []
    )


def _batches_fail_as_they_should() -> list[str]:
    """Poison fails its batch; a tolerant batch loses no other member, and none fails without poison."""
    found = rows(
        "SELECT name, failed FROM queues_batch AS batch, LATERAL (SELECT count(*) FROM queues_job"
        " WHERE batch_id = batch.id AND actor_name = 'breaks') AS poison (doses)"
        " WHERE CASE WHEN allow_failures OR doses = 0 THEN failed <> doses ELSE failed < 1 END"
    )
    return [f"batch {name} has {failed} failed members" for name, failed in found]


def _callbacks_came_once() -> list[str]:
    problems: list[str] = []
    for event in EVENTS:
        wanted = {"success": "failed = 0", "failure": "failed > 0", "finish": "true"}[event]
        found = rows(
            f"SELECT batch.name, count(effect.id) FROM queues_batch AS batch LEFT JOIN effect"
            " ON effect.kind = 'told' AND effect.number = split_part(batch.name, ' ', 2)::int AND part = %s"
            f" GROUP BY batch.id HAVING count(effect.id) <> ({wanted})::int",
            event,
        )
        problems += [f"batch {name} called on_{event} {count} times" for name, count in found]
    return problems


def _members_of_batches_ran_once() -> list[str]:
    twice = rows("SELECT number, part FROM effect WHERE kind = 'member' GROUP BY 1, 2 HAVING count(*) > 1")
    ((lost,),) = rows(
        "SELECT (SELECT count(*) FROM queues_job WHERE actor_name = 'member' AND status = 'completed')"
        " - (SELECT count(*) FROM effect WHERE kind = 'member')"
    )
    return [f"member {part} of batch {number} ran twice" for number, part in twice] + (
        [f"{lost} members completed without an effect"] if lost else []
    )


def _order_was_kept() -> list[str]:
    """A run that was killed begins again, and no job behind it begins before it has ended."""
    problems: list[str] = []
    for key in range(SENDERS * KEYS):
        last, ended = -1, True
        for (part,) in rows(RUNS, "ordered", key):
            what, _, number = part.split()
            if int(number) < last or (int(number) > last and not ended):
                problems.append(f"ordered key {key}: {part} came after {last}, ended: {ended}")
            ended = what == "end"
            last = int(number)
    ((missing,),) = rows(
        "SELECT count(*) FROM sent WHERE kind = 'ordered' AND NOT EXISTS"
        " (SELECT 1 FROM effect WHERE effect.kind = 'ordered' AND part LIKE 'end %% ' || sent.number)"
    )
    return problems + ([f"{missing} ordered jobs never ended"] if missing else [])


def _nobody_was_one_too_many() -> list[str]:
    """Exempt: a run that was let in before its host froze and took its place only after it woke up."""
    found = rows(
        "SELECT number, part FROM effect AS crowd WHERE kind = 'too many' AND NOT EXISTS ("
        f"SELECT 1 FROM effect JOIN {LOST} WHERE kind IN ('shared', 'too many') AND {UNPREVENTABLE}"
        " AND abs(extract(epoch FROM effect.at - crowd.at)) < 1)"
    )
    return [f"job {part} of the shared key {key} was one too many" for key, part in found]


def _nobody_began_what_others_had() -> list[str]:
    """A process that was suspended still holds jobs when it resumes; it must not start those given to others."""
    return [
        f"{kind} {number} was begun by its loser {late:.2f} s after the loss"
        for kind, number, late in rows(
            "SELECT kind, number, extract(epoch FROM began - lost.finished_at)"
            f" FROM effect JOIN {LOST} WHERE began > lost.finished_at"
        )
    ]


def _the_last_unique_job_saw_everything() -> list[str]:
    found = rows(
        "SELECT sent.key, sent.count, (SELECT max(part::int) FROM effect WHERE kind = 'unique' AND number = sent.key)"
        " FROM (SELECT number %% %s AS key, count(*) FROM sent WHERE kind = 'unique' GROUP BY 1) AS sent",
        KEYS,
    )
    return [f"unique key {key}: {sent} were sent, at most {seen} seen" for key, sent, seen in found if sent != seen]


def _the_rate_was_kept() -> list[str]:
    starts = rows(
        "SELECT extract(epoch FROM attempt.started_at)::float8"
        "  FROM queues_attempt_told AS attempt JOIN queues_job ON queues_job.id = job_id"
        # If a host fell silent, the start of its run is unknown.
        " WHERE actor_name = 'limited' AND attempt.started_at IS NOT NULL AND outcome <> 'lost' ORDER BY 1"
    )
    rate, window = settings.LIMITS["chaos"]
    spans = [later - first for (first,), (later,) in zip(starts, starts[rate:], strict=False)]
    crowded = [span for span in spans if span < window - TOLD_LATE]
    return [f"{rate + 1} limited starts within {min(crowded):.2f} s"] if crowded else []


CHECKS: list[Callable[[], list[str]]] = [
    _batches_are_counted_exactly,
    _batches_fail_as_they_should,
    _callbacks_came_once,
    _members_of_batches_ran_once,
    _order_was_kept,
    _nobody_was_one_too_many,
    _nobody_began_what_others_had,
    _the_last_unique_job_saw_everything,
    _the_rate_was_kept,
]
