"""The verdict on the queues for whoever asks from outside of a request or job: in time, whatever PostgreSQL does."""

from typing import Final

import psycopg2
from django.utils import timezone

from askpro.health import queues
from askpro.health.result import HealthCheckResult, Issue, Verdict
from askpro.health.shared import Shared
from askpro.queues.ledger.database import EngineConnection

# Seconds: how old a verdict may be, and how long it may take to find one.
FRESH: Final = 5.0
PATIENCE: Final = 5.0
AWAY: Final = "postgres_away"

_database = EngineConnection()


def verdict() -> HealthCheckResult:
    """The verdict, a few seconds old at most. Without an answer of PostgreSQL it is one, too: unhealthy."""
    return SHARED.get() or _without_postgres()


def look() -> HealthCheckResult:
    """Ask PostgreSQL, once more if the connection was gone."""
    for _ in range(2):
        try:
            return queues.check(database=_database)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            continue
        except psycopg2.Error as error:
            return _unhealthy("no_verdict", f"PostgreSQL refuses the question: {type(error).__name__}.")
    return _without_postgres()


SHARED = Shared(look, FRESH, PATIENCE)


def _without_postgres() -> HealthCheckResult:
    return _unhealthy(AWAY, f"PostgreSQL does not answer within {PATIENCE:g} s.")


def _unhealthy(code: str, words: str) -> HealthCheckResult:
    return HealthCheckResult.of([Issue(code, Verdict.UNHEALTHY, "postgres", 0, 1, words)], timezone.now())
