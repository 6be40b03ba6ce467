"""PostgreSQL and Redis themselves."""

from collections.abc import Iterator
from datetime import datetime

from askpro.watch import sources
from askpro.watch.conditions.base import Finding, Severity
from askpro.watch.conditions.registry import condition, threshold


@condition(
    code="postgres_away",
    title="PostgreSQL does not answer",
    severity=Severity.CRITICAL,
    # None: it must be found when PostgreSQL cannot be read.
    needs=(),
    every=5,
    lasts=10,
    clears=20,
    thresholds={"seconds": 3},
    cause="{said}. Until it is back nothing is booked, no job runs and webhooks are refused; vendors send them again.",
    todo="Is it running, is its disk full, does it accept connections? The runbook has the commands.",
)
def postgres_away(now: datetime) -> Iterator[Finding]:
    """It does not answer one question in time, asked over a connection of its own."""
    seconds = threshold("postgres_away.seconds")
    if said := sources.postgres_refusal(seconds):
        yield Finding("postgres", value=1, threshold=1, facts={"said": said})
