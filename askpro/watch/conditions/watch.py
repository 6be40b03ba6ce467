"""The watch itself: what it cannot see, and whom it cannot tell."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from askpro.watch import beats, sources
from askpro.watch.conditions.base import Condition, Finding, Severity, Source
from askpro.watch.conditions.registry import by_code, condition, threshold
from askpro.watch.own import own


@condition(
    code="channel_failing",
    title=_("Alerts cannot be sent by {about}"),
    severity=Severity.CRITICAL,
    needs=(),
    every=10,
    lasts=0,
    clears=0,
    cause="{said}.",
    todo=_(
        "Correct the ALERT_* settings or the service behind them, then: python3 manage.py alerts_test --channel {about}"
    ),
)
def channel_failing(now: datetime) -> Iterator[Finding]:
    for channel, said in own.failing_channels.items():
        yield Finding(channel, value=1, threshold=1, facts={"said": said})


@condition(
    code="not_watched",
    title=_("{about} cannot be watched"),
    severity=Severity.WARNING,
    needs=(),
    every=30,
    lasts=0,
    clears=60,
    local=True,
    thresholds={"seconds": 600},
    cause=_(
        "It could not be looked at on {host} for {value} s, although what it reads answers: a fault of AskPro, a"
        " migration that is missing, or a query that takes too long."
    ),
    todo=_("Read the log of manage.py watch on {host} for {about}."),
)
def not_watched(now: datetime) -> Iterator[Finding]:
    limit = threshold("not_watched.seconds")
    for code, since in own.unknown_since.items():
        found = by_code(code)
        if found is None or (now - since).total_seconds() < max(limit, 5 * found.every) or _is_blind(found):
            continue
        seconds = (now - since).total_seconds()
        yield Finding(f"{code} on {own.host}", value=round(seconds), threshold=limit, facts={"host": own.host})


@condition(
    code="watcher_missing",
    title=_("The watch of {about} does not run"),
    severity=Severity.CRITICAL,
    needs={Source.POSTGRES},
    every=15,
    lasts=60,
    clears=0,
    thresholds={"seconds": 60},
    cause=_("manage.py watch of that host was not stopped, but has not been heard of since {beat}."),
    todo=_("On that host: systemctl status askpro-watch; systemctl restart askpro-watch"),
)
def watcher_missing(now: datetime) -> Iterator[Finding]:
    """Another host's; that none is left, `/metrics` and `/health/queues` must tell."""
    limit = threshold("watcher_missing.seconds")
    for watcher in beats.silent(now, timedelta(seconds=limit)):
        seconds = round((now - watcher.beat_at).total_seconds())
        yield Finding(watcher.host, value=seconds, threshold=limit, facts={"beat": f"{watcher.beat_at:%H:%M:%S %Z}"})


def _is_blind(found: Condition) -> bool:
    """Whether what it reads is away, which is told by itself."""
    postgres = Source.POSTGRES in found.needs and sources.postgres_refusal(2.0)
    return bool(postgres or (Source.REDIS in found.needs and sources.redis_refusal(1.0)))
