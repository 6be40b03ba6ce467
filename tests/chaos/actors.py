"""Jobs whose effects are rows without a unique key, so that both a surplus and a missing one are found."""

import time

from django.db import connection
from dramatiq import get_broker

from askpro.queues import actor
from askpro.queues.ledger.current import current

# PostgreSQL is stopped several times: a job may fail any number of times, but it must end.
PATIENT = {"queue_name": "default", "max_retries": 30, "backoff": (100, 200, 400)}
TABLES = """
CREATE TABLE IF NOT EXISTS sent (kind text, number int, PRIMARY KEY (kind, number));
CREATE TABLE IF NOT EXISTS effect (
    id bigserial PRIMARY KEY, kind text, number int, part text,
    job_id uuid, claim_no int, began timestamptz, at timestamptz DEFAULT clock_timestamp());
"""


class NotYet(Exception):
    """Raised by a job that is meant to fail twice."""


def effect(kind: str, number: int, part: str = "") -> None:
    """Note what a run does, and which run it is and when it began."""
    claim = current.claim
    assert claim is not None
    assert claim.started is not None
    began = time.time() - (time.monotonic() - claim.started)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO effect (kind, number, part, job_id, claim_no, began)"
            " VALUES (%s, %s, %s, %s, %s, to_timestamp(%s))",
            [kind, number, part, claim.id, claim.claim_no, began],
        )


def this_run() -> str:
    """Names the run of a job, as its attempt does."""
    assert current.claim is not None
    return f"{current.claim.id}:{current.claim.claim_no}"


@actor(atomic=True, **PATIENT)
def atomic(number: int) -> None:
    effect("atomic", number)


@actor(**PATIENT)
def plain(number: int) -> None:
    effect("plain", number)


@actor(atomic=True, **PATIENT)
def link(number: int, step: int) -> None:
    """A step of the chain `number`."""
    effect("link", number, str(step))


@actor(no_overlap="key:{key}", **PATIENT)
def alone(key: int, number: int) -> None:
    """Notes its begin and end with a token of this run."""
    token = this_run()
    effect("alone", key, f"begin {token}")
    time.sleep(0.002)
    effect("alone", key, f"end {token}")


@actor(**PATIENT)
def third_time_lucky(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM effect WHERE kind = 'unlucky' AND number = %s", [number])
        (runs,) = cursor.fetchone()
    if runs < 2:
        effect("unlucky", number)
        raise NotYet
    effect("lucky", number)


@actor(atomic=True, **PATIENT)
def parent(number: int) -> None:
    """Its effect and its child's existence commit together."""
    effect("parent", number)
    get_broker().enqueue(child.message(number))


@actor(atomic=True, **PATIENT)
def child(number: int) -> None:
    effect("child", number)


@actor(**{**PATIENT, "time_limit": 60_000})
def slow(number: int) -> None:
    time.sleep(0.3)
    effect("slow", number)
