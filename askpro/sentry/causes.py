"""Which errors have one cause: an outage, however many jobs and requests it ends; else the same class and places."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import django.db
import psycopg2
import redis

from askpro.queues.errors import JobError, RateLimited, Unavailable, Unknown
from askpro.queues.ledger.outcome import fingerprint
from askpro.queues.plain import is_ours, name_of

POSTGRES: Final = "postgres"
REDIS: Final = "redis"
# How the vendors' clients begin their errors, and the part of a gate's name that says whose it is.
VENDORS: Final = {"Retell": "retell", "Cal.com": "calcom", "Twilio": "twilio", "The mail server": "mail"}
GATES: Final = frozenset(VENDORS.values())
SOME_VENDOR: Final = "vendor"
# The classes of PostgreSQL's codes that say that it is away, full, stopping or read-only; other codes are about the
# statement: a lock that was not free, a deadlock.
AWAY: Final = ("08", "53", "57P", "25006")
# So many errors of a chain of causes are looked at.
DEEPEST: Final = 5


@dataclass(frozen=True, slots=True)
class Cause:
    """What is reported together; `outage` names who is away, "" if nobody is."""

    key: str
    outage: str = ""


def cause_of(error: BaseException) -> Cause:
    """The cause of an exception."""
    if outage := outage_of(error):
        return Cause(f"outage:{outage}", outage)
    return Cause(fingerprint(name_of(error), error.__traceback__))


def cause_of_line(record: logging.LogRecord) -> Cause:
    """The cause of a log line: the outage of which its exception tells (`exc_info`, `extra={"cause": …}`, or among its
    arguments), that exception, or the line itself, whatever fills it.
    """
    logged = record.exc_info[1] if record.exc_info else None
    arguments = record.args if isinstance(record.args, tuple) else ()
    for each in (logged, getattr(record, "cause", None), *arguments):
        if isinstance(each, BaseException) and (outage := outage_of(each)):
            return Cause(f"outage:{outage}", outage)
    if logged is not None:
        return cause_of(logged)
    return Cause(_digest(record.name, str(record.msg) if is_ours(record.name) else record.levelname))


def outage_of(error: BaseException) -> str:
    """Who is away by this error: `postgres`, `redis` or a vendor; "" if it says of nobody that it is."""
    return next(filter(None, map(_away_by, _chain(error))), "")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(DEEPEST):
        if error is None:
            return
        yield error
        error = error.__cause__


def _away_by(error: BaseException) -> str:
    if isinstance(error, psycopg2.Error | django.db.Error):
        return POSTGRES if _is_away(error) else ""
    if isinstance(error, redis.ConnectionError | redis.TimeoutError):
        return REDIS
    return _vendor_of(error) if isinstance(error, Unavailable | Unknown | RateLimited) else ""


def _is_away(error: Exception) -> bool:
    """Django's error has psycopg2's as its cause, which knows PostgreSQL's code."""
    raw = error if isinstance(error, psycopg2.Error) else error.__cause__
    if isinstance(raw, psycopg2.Error) and raw.pgcode:
        return raw.pgcode.startswith(AWAY)
    lost = psycopg2.OperationalError, psycopg2.InterfaceError, django.db.OperationalError, django.db.InterfaceError
    return isinstance(error, lost)


def _vendor_of(error: JobError) -> str:
    gate = error.parking.gate.partition(":")[0] if error.parking else ""
    if gate in GATES:
        return gate
    told = str(error)
    return next((name for begin, name in VENDORS.items() if told.startswith(begin)), SOME_VENDOR)


def _digest(*parts: str) -> str:
    return sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
