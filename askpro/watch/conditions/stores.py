"""PostgreSQL and Redis themselves."""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from askpro.watch import sources
from askpro.watch.conditions.base import Finding, Severity, Source
from askpro.watch.conditions.registry import condition, threshold

STANDBY = gettext_noop("It is a standby, which only follows another server")
READS_ONLY = gettext_noop("New sessions are read-only")
READ_ONLY = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')"
CONNECTIONS = """
SELECT count(*), current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
  FROM pg_stat_activity WHERE datname IS NOT NULL
"""


@condition(
    code="postgres_away",
    title=_("PostgreSQL does not answer"),
    severity=Severity.CRITICAL,
    # None: it must be found when PostgreSQL cannot be read.
    needs=(),
    every=5,
    lasts=10,
    clears=20,
    thresholds={"seconds": 3},
    says=sources.SAYS,
    cause=_(
        "{said}. Until it is back nothing is booked, no job runs and webhooks are refused; vendors send them again."
    ),
    todo=_("Is it running, is its disk full, does it accept connections? The runbook has the commands."),
)
def postgres_away(now: datetime) -> Iterator[Finding]:
    """It does not answer one question in time, asked over a connection of its own."""
    seconds = threshold("postgres_away.seconds")
    if said := sources.postgres_refusal(seconds):
        yield Finding("postgres", value=1, threshold=1, facts={"said": said})


@condition(
    code="postgres_read_only",
    title=_("PostgreSQL takes no writes"),
    severity=Severity.CRITICAL,
    needs=[Source.POSTGRES],
    every=10,
    lasts=10,
    clears=20,
    thresholds={"seconds": 3},
    says=[STANDBY, READS_ONLY],
    cause=_("{words}. Webhooks are refused, nothing is booked and no job runs until it takes writes again."),
    todo=_(
        "After a failover DATABASE_URL must name the new primary. Otherwise somebody has set"
        " default_transaction_read_only."
    ),
)
def postgres_read_only(now: datetime) -> Iterator[Finding]:
    """It is a standby, or new sessions are read-only."""
    is_standby, is_read_only = sources.postgres_row(READ_ONLY, threshold("postgres_read_only.seconds"))
    if is_standby or is_read_only == "on":
        words = STANDBY if is_standby else READS_ONLY
        yield Finding("postgres", 1, 1, facts={"words": words})


@condition(
    code="postgres_connections",
    title=_("PostgreSQL is running out of connections"),
    severity=Severity.WARNING,
    needs=[Source.POSTGRES],
    every=30,
    lasts=60,
    clears=120,
    thresholds={"percent": 90},
    cause=_("{used} of {most} connections are taken. When none is left webhooks are refused."),
    todo=_(
        "SELECT application_name, state, count(*) FROM pg_stat_activity GROUP BY 1, 2 says who has them; queues_check"
        " how many AskPro needs. Raise max_connections, or lower max_processes."
    ),
)
def postgres_connections(now: datetime) -> Iterator[Finding]:
    """Of the connections that PostgreSQL gives to others than its superuser, more than so many per cent are taken."""
    with connection.cursor() as cursor:
        cursor.execute(CONNECTIONS)
        used, most = cursor.fetchone()
    percent = round(100 * used / max(most, 1))
    if percent > (limit := threshold("postgres_connections.percent")):
        yield Finding("postgres", percent, limit, facts={"used": used, "most": most})


@condition(
    code="redis_away",
    title=_("Redis does not answer"),
    severity=Severity.WARNING,
    # None: it must be found when Redis cannot be read.
    needs=(),
    every=5,
    lasts=20,
    clears=20,
    thresholds={"seconds": 2},
    says=sources.SAYS,
    cause=_("{said}. Everything works without it, with up to 1.5 s more delay for each job."),
    todo=_("Is it running, is it out of memory, does REDIS_URL name it? It may be restarted empty at any time."),
)
def redis_away(now: datetime) -> Iterator[Finding]:
    """It does not answer PING in time. Without REDIS_URL, none is missed."""
    if said := sources.redis_refusal(threshold("redis_away.seconds")):
        yield Finding("redis", 1, 1, facts={"said": said})
