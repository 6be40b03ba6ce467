"""Checks that must hold once all jobs are over. Each check returns what is wrong."""

from collections.abc import Callable

from tests.chaos import composed_verdict
from tests.chaos.figures import figures_agree
from tests.chaos.load import KEYS, STEPS
from tests.chaos.rows import RUNS, rows

# Kinds whose effect must exist exactly once; the others at least once.
EXACTLY_ONCE = {"atomic": "atomic", "parent": "parent", "parent's child": "child", "lingering": "lingering"}
AT_LEAST_ONCE = {
    "plain": "plain",
    "third_time_lucky": "lucky",
    "slow": "slow",
    "shared": "shared",
    "limited": "limited",
}
MOST_OF_A_KIND = 5


def verdict() -> list[str]:
    """Everything that is wrong, in words."""
    checks: list[Callable[[], list[str]]] = [
        _every_job_ended_as_it_should,
        _jobs_are_what_was_sent,
        _atomic_effects_are_there_once,
        _other_effects_are_there,
        _chains_ran_in_order,
        _keys_never_overlapped,
        _locks_are_free,
        _tries_were_paid_by_started_jobs_only,
        figures_agree,
        *composed_verdict.CHECKS,
    ]
    return [problem for check in checks for problem in few(check())]


def few(problems: list[str]) -> list[str]:
    """Only some examples of a fault, to leave room for other faults."""
    return problems[:MOST_OF_A_KIND] + (
        [f"... and {more} more like that"] if (more := len(problems) - MOST_OF_A_KIND) > 0 else []
    )


def _every_job_ended_as_it_should() -> list[str]:
    """All jobs are completed, except dead poison and those that a dead job, a failed batch or a younger copy ended."""
    found = rows(
        "SELECT actor_name, status, error_class, count(*) FROM queues_job AS job"
        " WHERE NOT CASE WHEN actor_name = 'breaks' THEN status = 'dead' AND error_message <> ''"
        "  WHEN actor_name IN ('member', 'told') THEN status IN ('completed', 'cancelled') OR (status = 'waiting'"
        "   AND EXISTS (SELECT 1 FROM queues_job AS dead WHERE dead.chain_id = job.chain_id AND dead.status = 'dead'))"
        "  WHEN actor_name = 'unique' THEN status = 'completed' OR error_class = 'Superseded'"
        "  ELSE status = 'completed' END GROUP BY 1, 2, 3"
    )
    return [f"{count} x {actor} is {status} ({error})" for actor, status, error, count in found]


def _jobs_are_what_was_sent() -> list[str]:
    ((sent, jobs),) = rows(
        "SELECT (SELECT coalesce(sum(CASE kind WHEN 'chain' THEN %s WHEN 'parent' THEN 2 ELSE 1 END), 0) FROM sent"
        "         WHERE kind NOT IN ('unique', 'tolerant', 'strict')),"
        " (SELECT count(*) FROM queues_job WHERE actor_name NOT IN ('unique', 'told') AND batch_id IS NULL)",
        STEPS,
    )
    return [] if sent == jobs else [f"{sent} jobs were sent and {jobs} exist"]


def _atomic_effects_are_there_once() -> list[str]:
    return [
        f"{name} {number} has {count} effects"
        for name, kind in EXACTLY_ONCE.items()
        for number, count in rows(
            "SELECT sent.number, count(effect.id) FROM sent LEFT JOIN effect"
            " ON effect.kind = %s AND effect.number = sent.number WHERE sent.kind = %s"
            " GROUP BY 1 HAVING count(effect.id) <> 1",
            kind,
            name.split("'")[0],
        )
    ]


def _other_effects_are_there() -> list[str]:
    return [
        f"{name} {number} has no effect"
        for name, kind in AT_LEAST_ONCE.items()
        for (number,) in rows(
            "SELECT number FROM sent WHERE kind = %s AND NOT EXISTS"
            " (SELECT 1 FROM effect WHERE effect.kind = %s AND effect.number = sent.number)",
            name,
            kind,
        )
    ]


def _chains_ran_in_order() -> list[str]:
    expected = [str(step) for step in range(STEPS)]
    found = rows(
        "SELECT sent.number, array_agg(part ORDER BY id) FROM sent LEFT JOIN effect"
        " ON effect.kind = 'link' AND effect.number = sent.number WHERE sent.kind = 'chain' GROUP BY 1"
    )
    return [f"chain {number} ran {steps}" for number, steps in found if steps != expected]


def _keys_never_overlapped() -> list[str]:
    """Each end belongs to the last begin of its key; a begin without an end is a run that was killed."""
    problems: list[str] = []
    for key in range(KEYS):
        running = ""
        for (part,) in rows(RUNS, "alone", key):
            what, token = part.split()
            if what == "end" and token != running:
                problems.append(f"two jobs of key {key} overlapped")
            running = token
    ((missing,),) = rows(
        "SELECT (SELECT count(*) FROM sent WHERE kind = 'alone')"
        " - least((SELECT count(*) FROM effect WHERE kind = 'alone' AND part LIKE 'end%%'),"
        "         (SELECT count(*) FROM sent WHERE kind = 'alone'))"
    )
    return problems + ([f"{missing} jobs with a key never ended"] if missing else [])


def _locks_are_free() -> list[str]:
    ((held,),) = rows("SELECT count(*) FROM queues_lock")
    return [f"{held} locks are still held"] if held else []


def _tries_were_paid_by_started_jobs_only() -> list[str]:
    found = rows(
        "SELECT job.id, tries_spent, count(attempt.job_id)"
        "  FROM queues_job AS job LEFT JOIN queues_attempt_told AS attempt"
        " ON attempt.job_id = job.id AND outcome IN ('failed', 'timed_out', 'crashed')"
        " AND attempt.started_at IS NOT NULL"
        " AND attempt.error_class <> 'WorkerKilled'"
        " GROUP BY 1, 2 HAVING tries_spent <> count(attempt.job_id)"
    )
    twice = rows(
        "SELECT job_id, 1, count(*) FROM queues_attempt_told WHERE outcome = 'completed' GROUP BY 1 HAVING count(*) > 1"
    )
    return [f"job {job_id} paid {paid} tries for {count} attempts" for job_id, paid, count in found] + [
        f"job {job_id} completed {count} times" for job_id, _, count in twice
    ]
