"""What jobs and vendors did in the last week, minute by minute, and how the queues stood."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from askpro.dev.pictures.week.jobs import UNAVAILABLE
from askpro.dev.pictures.week.rows import Week
from askpro.metrics.models import Total
from askpro.queue_settings import QUEUES
from askpro.queues.metrics.histogram import BOUNDS, bucket_of
from askpro.queues.models import MetricMinute, MetricsSnapshot

STEP: Final = timedelta(minutes=10)
DAYS: Final = 7
# A kind of job: its name, its queue, how many end in ten busy minutes, and the seconds that one usually takes.
JOBS: Final = (
    ("process_retell_call_ended", "critical", 9, 0.02),
    ("extract_call_data", "high", 4, 0.03),
    ("identify_customer", "high", 4, 0.01),
    ("create_appointment_from_call", "high", 4, 0.9),
    ("process_calcom_webhook", "webhooks", 5, 0.03),
    ("send_sms_notification", "notifications", 5, 0.5),
    ("send_email_notification", "notifications", 3, 0.7),
    ("sync_calcom_data", "default", 1, 14.0),
    ("update_analytics", "low", 4, 0.04),
)
ROUTES: Final = (("calcom", "POST /v2/bookings", 0.6), ("twilio", "POST /Messages.json", 0.3), ("mail", "send", 0.5))
ROWS_AT_ONCE: Final = 2000


def make_figures(week: Week) -> None:
    queues, minutes = [], []
    for at in _moments(week):
        busy = _busy(week, at)
        for name in QUEUES:
            is_waiting = week.is_in_outage(at) and name == "high"
            oldest = 240.0 if is_waiting else busy * week.dice.random() * 4
            queues.append(
                MetricsSnapshot(queue_name=name, at=at, ready=int(busy * 5), running=int(busy * 2), oldest=oldest)
            )
        minutes += list(_jobs(week, at, busy))
    MetricsSnapshot.objects.bulk_create(queues, batch_size=ROWS_AT_ONCE)
    MetricMinute.objects.bulk_create(minutes, batch_size=ROWS_AT_ONCE)
    Total.objects.bulk_create(_vendors(week), batch_size=ROWS_AT_ONCE)


def _moments(week: Week) -> Iterator[datetime]:
    last = week.now.replace(minute=week.now.minute // 10 * 10, second=0, microsecond=0)
    steps = int(timedelta(days=DAYS) / STEP)
    return (last - STEP * number for number in range(steps, 0, -1))


def _busy(week: Week, at: datetime) -> float:
    """How much is going on, from 0 to 1: most in the morning, nothing at night."""
    local = at.astimezone(week.now.tzinfo)
    hour = local.hour + local.minute / 60
    if local.weekday() == 6 or not 7 <= hour <= 20:
        return 0.04
    return 0.25 + 0.75 * math.exp(-(((hour - 10) / 3.2) ** 2)) * (0.8 + 0.4 * week.dice.random())


def _jobs(week: Week, at: datetime, busy: float) -> Iterator[MetricMinute]:
    company = week.companies[0].pk
    for actor, queue, most, usual in JOBS:
        done = round(busy * most * (0.6 + week.dice.random() * 0.8))
        is_failing = week.is_in_outage(at) and actor == "create_appointment_from_call"
        failed = done if is_failing else int(week.dice.random() < 0.03)
        counts = (
            ("completed", 0 if is_failing else done, ""),
            ("failed", failed, UNAVAILABLE),
            ("wait", done, ""),
            ("arrived", done, ""),
            ("dead", failed // 2 if is_failing else 0, UNAVAILABLE),
        )
        for what, count, about in counts:
            if not count:
                continue
            took = usual * (0.6 + week.dice.random()) if what in ("completed", "failed") else 0.02 + busy * 0.3
            tally = {"about": about, "bucket": bucket_of(took), "count": count, "total": took * count}
            yield MetricMinute(at=at, what=what, queue_name=queue, actor_name=actor, **tally)
            yield MetricMinute(at=at, what=what, queue_name=queue, company_id=company, **tally)


def _vendors(week: Week) -> Iterator[Total]:
    """The vendors' answers, by hour: Cal.com's 503 in its dead one."""
    hour = week.now.replace(minute=0, second=0, microsecond=0)
    for back in range(DAYS * 24):
        at = hour - timedelta(hours=back)
        for vendor, route, usual in ROUTES:
            result = "unavailable" if week.is_in_outage(at) and vendor == "calcom" else "ok"
            count = round(_busy(week, at) * 40)
            buckets = [0] * (len(BOUNDS) + 1)
            buckets[bucket_of(usual)] = count
            shared = {"kind": Total.Kind.VENDOR, "name": vendor, "part": route, "company": 0}
            yield Total(
                at=at, step="hour", result=result, count=count, seconds=count * usual, buckets=buckets, **shared
            )
