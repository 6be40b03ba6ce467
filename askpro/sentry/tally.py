"""How often each cause was seen since it was last reported, by all processes and hosts, and who may report it now.

Redis keeps it. Without Redis a row of PostgreSQL decides who reports, and each process knows its own count only;
without both, each process reports for itself.
"""

import time
from dataclasses import dataclass
from typing import Any, Final

import psycopg2
import redis
from django.conf import settings

from askpro.queues.ledger import hints
from askpro.queues.ledger.database import EngineConnection
from askpro.sentry.causes import POSTGRES, Cause

# Seconds for which a cause that was reported is only counted.
PAUSE: Final = 3600
# Seconds for which a count waits to be told.
COUNTS_FOR: Final = 2 * PAUSE
# Seconds that Redis may take for one answer.
TIMEOUT: Final = 0.5
ONCE = "INSERT INTO queues_effect (key) VALUES (%s) ON CONFLICT DO NOTHING RETURNING key"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether this process reports a cause now, as seen `count` times; what of its own count it still has to keep; and
    after how many seconds it may ask again.
    """

    is_told: bool
    count: int = 0
    kept: int = 0
    ask_in: float = PAUSE


class Tally:
    """Asked by one thread of each process, which may wait for it. Never raises."""

    def __init__(self) -> None:
        self._redis: Any = hints.connect(TIMEOUT)

    def judge(self, cause: Cause, count: int) -> Verdict:
        """Whether this process, which has counted so many, reports the cause now."""
        verdict = self._by_redis(cause, count)
        if verdict is None and cause.outage != POSTGRES:
            verdict = self._by_postgres(cause, count)
        return verdict or Verdict(True, max(count, 1))

    def add(self, cause: Cause, count: int) -> bool:
        """Count for whoever reports next; False if nobody can keep it but the process that has counted."""
        if self._redis is None:
            return False
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.incrby(_key("seen", cause), count).expire(_key("seen", cause), COUNTS_FOR)
                pipeline.execute()
        except redis.RedisError:
            return False
        return True

    def _by_redis(self, cause: Cause, count: int) -> Verdict | None:
        if self._redis is None:
            return None
        try:
            if self._redis.set(_key("told", cause), "1", nx=True, ex=PAUSE):
                return Verdict(True, max(count + int(self._redis.getdel(_key("seen", cause)) or 0), 1))
            left = self._redis.pttl(_key("told", cause)) / 1000
        except redis.RedisError:
            return None
        return Verdict(False, kept=0 if self.add(cause, count) else count, ask_in=max(left, 1.0))

    def _by_postgres(self, cause: Cause, count: int) -> Verdict | None:
        hour, gone = divmod(time.time(), PAUSE)
        database = EngineConnection()
        try:
            is_first = database.rows(ONCE, (f"sentry:{cause.key}:{hour:.0f}",))
        except psycopg2.Error:
            return None
        finally:
            database.close()
        return Verdict(True, max(count, 1)) if is_first else Verdict(False, kept=count, ask_in=PAUSE - gone)


def _key(what: str, cause: Cause) -> str:
    return f"{settings.REDIS_KEY_PREFIX}:sentry:{what}:{cause.key}"
