"""Jobs in every state, their attempts, and their figures."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.db import connection

from askpro.console.trace import PROJECT
from askpro.dev.bench.console.filling import Fixed, fill, noise, one_of
from askpro.dev.bench.console.scale import COMPANIES, DAYS_OF_JOBS, Scale
from askpro.metrics.models import Total
from askpro.queue_settings import QUEUES
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.ledger.history import prepare_days
from askpro.queues.metrics.histogram import BOUNDS
from askpro.queues.models import (
    AttemptRow,
    Job,
    MetricDay,
    MetricFold,
    MetricHour,
    MetricMinute,
    MetricsSnapshot,
    RunCost,
    SlowRun,
)
from askpro.queues.states import FAILED_DAY, LIVE_DAY

# Kinds of jobs of the product, each with its queue.
ACTORS: Final = {
    "process_retell_call_ended": "critical",
    "extract_call_data": "high",
    "identify_customer": "high",
    "create_appointment_from_call": "high",
    "process_calcom_webhook": "webhooks",
    "send_appointment_confirmation": "notifications",
    "send_sms_notification": "notifications",
    "update_customer_from_call": "default",
    "count_request": "low",
    "update_analytics": "low",
}
ERRORS: Final = (
    "askpro.queues.errors.Unavailable",
    "askpro.queues.errors.Refused",
    "builtins.ValueError",
    "builtins.KeyError",
    "django.db.utils.OperationalError",
)
TRACE: Final = f"""Traceback (most recent call last):
  File "{PROJECT}/appointments/booking/booker.py", line 118, in book
    answer = calcom.create_booking(request, slot)
askpro.queues.errors.Unavailable: Cal.com answered 503"""
# Ranges of run time and waiting that a kind of job has in an hour.
BUCKETS: Final = 4
DAYS_OF_FIGURES: Final = 400


def fill_finished(scale: Scale) -> None:
    """Jobs that completed, evenly over the days up to a minute ago."""
    with connection.cursor() as cursor:
        prepare_days(DjangoConnection(cursor), _days())
    seconds = DAYS_OF_JOBS * 86_400
    sent = f"(now() - interval '1 minute' - interval '1 second' * {seconds} * (1 - n / {scale.jobs}::float8))"
    fill(
        Job,
        scale.jobs,
        status="'completed'",
        started_at=f"{sent} + interval '5 milliseconds'",
        finished_at=f"{sent} + interval '40 milliseconds'",
        claim_no="1",
        worker_id="1 + n % 12",
        day=f"(({sent} + interval '40 milliseconds') AT TIME ZONE 'UTC')::date",
        **_of_a_call(sent, "n * 10 / 100"),
    )


def fill_unfinished(scale: Scale) -> None:
    """What came in during some hours in which nobody worked, beside what waits for its time."""
    sent = f"(now() - interval '6 hours' * (1 - n / {scale.live_jobs}::float8))"
    # Six of ten are ready, three wait for their time, one for the step before it.
    status = one_of(*("queued",) * 6, "scheduled", "scheduled", "retrying", "waiting")
    later = "n % 10 IN (6, 7, 8)"
    fill(
        Job,
        scale.live_jobs,
        status=status,
        run_at=f"CASE WHEN {later} THEN now() + interval '1 second' * ({noise('due')} % 90000) END",
        day=f"'{LIVE_DAY}'",
        **_of_a_call(sent, "n"),
    )


def fill_failed(scale: Scale) -> None:
    """The dead, most of them of the last days, and a few that were cancelled; with what they died of."""
    sent = f"(now() - interval '1 minute' * (1 + 30000 * power(1 - n / {scale.dead_jobs}::float8, 3)))"
    error = one_of(*ERRORS, of=noise("error") + " % 97")
    fill(
        Job,
        scale.dead_jobs,
        status="CASE WHEN n % 10 = 0 THEN 'cancelled' ELSE 'dead' END",
        finished_at=f"{sent} + interval '30 seconds'",
        claim_no="2",
        tries_spent="2",
        day=f"'{FAILED_DAY}'",
        error_class=error,
        error_message="'Cal.com answered 503 to booking ' || n",
        **_of_a_call(sent, "n * 3"),
    )
    for claim_no in (1, 2):
        fill(
            AttemptRow,
            scale.dead_jobs,
            job_id=_id(sent),
            claim_no=str(claim_no),
            outcome="'failed'",
            started_at=sent,
            finished_at=f"{sent} + interval '{15 * claim_no} seconds'",
            recorded_at=f"{sent} + interval '{15 * claim_no} seconds'",
            worker_id="1 + n % 12",
            error_class=error,
            error_message="'Cal.com answered 503'",
            trace=Fixed(TRACE),
            fingerprint=f"substr(md5({error} || n % 6), 1, 16)",
        )


def fill_figures(scale: Scale) -> None:
    """Tallies of minutes, hours and days, of each kind of job and of each company."""
    for model, step, count in (
        (MetricMinute, "minute", 60 * 24 * 2),
        (MetricHour, "hour", 24 * 30),
        (MetricDay, "day", DAYS_OF_FIGURES),
    ):
        _tallies(model, step, count)
    # A migration writes the one row; `flush` leaves none.
    MetricFold.objects.all().delete()
    fill(
        MetricFold,
        1,
        cluster="(SELECT system_identifier FROM pg_control_system())",
        counted="pg_current_snapshot()::text",
        counted_at="now()",
        rolled=f"(SELECT max(id) FROM {MetricMinute._meta.db_table})",
    )
    fill(
        MetricsSnapshot,
        len(QUEUES) * 12 * 24 * 30,
        queue_name=one_of(*QUEUES),
        at=f"now() - interval '5 minutes' * (n / {len(QUEUES)})",
        ready=f"{noise('ready')} % 40",
        oldest=f"{noise('oldest')} % 30",
        running="2",
    )
    _exchanges()
    _slow(scale)


def _tallies(model: type[MetricMinute] | type[MetricHour] | type[MetricDay], step: str, steps: int) -> None:
    """Rows of a series: each kind of job completed, failed and waited, each in some ranges."""
    series = len(ACTORS) * 3 * BUCKETS
    at = f"date_trunc('{step}', now()) - interval '1 {step}' * ((n - 1) / {series})"
    place = f"(n - 1) % {series}"
    fill(
        model,
        series * steps,
        at=at,
        what=one_of("completed", "failed", "wait", of=f"{place} / {len(ACTORS)}"),
        queue_name=one_of(*ACTORS.values(), of=place),
        actor_name=one_of(*ACTORS, of=place),
        about=f"CASE WHEN {place} / {len(ACTORS)} % 3 = 1 THEN 'builtins.ValueError' ELSE '' END",
        bucket=f"8 + {place} / {len(ACTORS) * 3}",
        count="3",
        total="0.2",
    )


def _exchanges() -> None:
    routes = ("POST /v2/bookings", "GET /v2/slots", "POST /Messages", "GET /v2/call")
    series = len(routes) * 3
    for step, count in (("minute", 60 * 24), ("hour", 24 * 30), ("day", DAYS_OF_FIGURES)):
        fill(
            Total,
            series * count,
            id=f"n + (SELECT coalesce(max(id), 0) FROM {Total._meta.db_table})",
            step=f"'{step}'",
            kind="'vendor'",
            at=f"date_trunc('{step}', now()) - interval '1 {step}' * ((n - 1) / {series})",
            name=one_of("calcom", "calcom", "twilio", "retell"),
            part=one_of(*routes),
            result=one_of("ok", "timeout", "refused", of=f"(n - 1) % {series} / {len(routes)}"),
            company="0",
            count="5",
            seconds="1.5",
            buckets=Fixed([1] * (len(BOUNDS) + 1)),
        )


def _slow(scale: Scale) -> None:
    began = f"now() - interval '1 second' * (n::bigint * 600000 / {max(1, scale.jobs // 100)})"
    fill(
        SlowRun,
        scale.jobs // 100,
        job_id=_id(began),
        claim_no="1",
        actor_name=one_of(*ACTORS),
        queue_name=one_of(*ACTORS.values()),
        company_id=f"1 + n % {COMPANIES}",
        began_at=began,
        finished_at=f"{began} + interval '12 seconds'",
        threshold="10",
        seconds="12",
        sql_seconds="9",
        sql_count="3",
        lock_seconds="8",
        vendor_seconds="1",
        vendor_count="1",
        cpu_seconds="0.1",
    )
    fill(
        RunCost,
        24 * 30 * len(ACTORS) * 5,
        hour=f"date_trunc('hour', now()) - interval '1 hour' * ((n - 1) / {len(ACTORS) * 5})",
        actor_name=one_of(*ACTORS, of="n - 1"),
        queue_name=one_of(*ACTORS.values(), of="n - 1"),
        company_id=f"(n - 1) / {len(ACTORS)} % 5",
        slow="1",
        sql_seconds="9",
        sql_count="30",
        vendor_seconds="3",
        vendor_count="4",
        cpu_seconds="1",
    )


def _of_a_call(sent: str, call: str) -> dict[str, str | Fixed]:
    """What a job has that was sent for a call: arguments, tags, times."""
    company = f"1 + ({call}) % {COMPANIES}"
    return {
        "id": _id(sent),
        "actor_name": one_of(*ACTORS),
        "queue_name": one_of(*ACTORS.values()),
        "kwargs": f"jsonb_build_object('call_id', {call}, 'company_id', {company})",
        "tags": f"ARRAY['call:' || {call}, 'company:' || {company}]",
        "created_at": sent,
        "ready_at": sent,
        "deadline_at": f"{sent} + interval '1 day'",
        "chain_id": "CASE WHEN n % 20 = 0 THEN md5('chain' || n / 100)::uuid END",
        "chain_step": "CASE WHEN n % 20 = 0 THEN n / 20 % 5 END",
    }


def _id(sent: str) -> str:
    """SQL for an id that sorts by time, as `ids.uuid7` makes them."""
    noise_of_id = "md5(n::text)"
    return (
        f"(lpad(to_hex((extract(epoch FROM {sent}) * 1000)::bigint), 12, '0')"
        f" || '7' || left({noise_of_id}, 3) || 'a' || right({noise_of_id}, 15))::uuid"
    )


def _days() -> list[date]:
    today = datetime.now(UTC).date()
    return [today - timedelta(days=back) for back in range(DAYS_OF_JOBS + 2)]
