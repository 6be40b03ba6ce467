"""Figures cost an append, wait for PostgreSQL within bounds, and are summed exactly once."""

import os
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
import time_machine
from django.db import transaction
from dramatiq import get_broker

from askpro.metrics import folding, recorder
from askpro.metrics.middleware import LastFigures
from askpro.metrics.models import Delta, Total
from askpro.metrics.recorder import Recorder, note_request, note_vendor_call, note_webhook, on_behalf_of
from askpro.queues.ledger.current import current
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.metrics.histogram import BOUNDS, bucket_of
from tests.metrics.postgres import dsn

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 12, 1, 9, 15, 30, tzinfo=UTC)


def rows(model: Any, **which: Any) -> list[tuple[Any, ...]]:
    found = model.objects.filter(**which).order_by("kind", "name", "result", "company")
    return [*found.values_list("kind", "name", "part", "result", "company", "count")]


@time_machine.travel(NOW, tick=False)
def test_each_series_of_a_minute_becomes_one_row(noting: Recorder) -> None:
    for seconds in (0.0005, 0.3, 4000.0):
        note_vendor_call("calcom", "GET /v2/slots", "ok", seconds, 3)
    note_vendor_call("calcom", "GET /v2/slots", "throttled", 0.1, 3)
    note_request("health.live", "2xx", 0.001)
    note_webhook("retell", "stored")
    assert recorder.flush() == 4
    assert rows(Delta) == [
        ("request", "health.live", "", "2xx", 0, 1),
        ("vendor", "calcom", "GET /v2/slots", "ok", 3, 3),
        ("vendor", "calcom", "GET /v2/slots", "throttled", 3, 1),
        ("webhook", "retell", "", "stored", 0, 1),
    ]
    found = Delta.objects.get(result="ok")
    assert found.at == NOW.replace(second=0)
    assert found.seconds == pytest.approx(4000.3005)
    assert {place: count for place, count in enumerate(found.buckets) if count} == {
        0: 1,
        bucket_of(0.3): 1,
        len(BOUNDS): 1,
    }


@time_machine.travel(NOW, tick=False)
def test_rows_are_summed_once_into_minute_hour_day_and_all_time(noting: Recorder) -> None:
    for _ in range(2):
        note_vendor_call("twilio", "POST messages", "ok", 0.2, 1)
        recorder.flush()
    note_vendor_call("twilio", "POST messages", "ok", 2.0, 1)
    assert folding.fold() == 2
    recorder.flush()
    assert folding.fold() == 1 and folding.fold() == 0
    assert not Delta.objects.exists()
    starts = {
        "minute": NOW.replace(second=0),
        "hour": NOW.replace(minute=0, second=0),
        "day": NOW.replace(hour=0, minute=0, second=0),
        "ever": folding.EVER,
    }
    assert {total.step: total.at for total in Total.objects.all()} == starts
    for total in Total.objects.all():
        assert total.count == sum(total.buckets) == 3 and total.seconds == pytest.approx(2.4)
        assert total.buckets[bucket_of(0.2)] == 2 and total.buckets[bucket_of(2.0)] == 1


def test_two_hosts_that_sum_up_at_once_do_not_count_twice(noting: Recorder) -> None:
    note_webhook("retell", "stored")
    recorder.flush()
    with psycopg2.connect(**dsn()) as other, other.cursor() as cursor:
        cursor.execute(folding.LOCK)
        assert folding.fold() == 0 and Delta.objects.count() == 1
    assert folding.fold() == 1
    assert rows(Total, step="ever") == [("webhook", "retell", "", "stored", 0, 1)]


def test_what_is_no_longer_kept_goes_and_the_sums_of_all_time_stay(noting: Recorder, settings: Any) -> None:
    settings.METRICS_DAYS = {"minute": 2.0, "hour": 60.0, "day": 400.0}
    with time_machine.travel(NOW, tick=False):
        note_webhook("calcom", "stored")
        recorder.flush()
        folding.sweep()
    kept = [{"day", "ever", "hour", "minute"}, {"day", "ever", "hour"}, {"day", "ever"}, {"ever"}]
    for days, steps in zip((1, 3, 61, 402), kept, strict=True):
        folding.drop(NOW + timedelta(days=days))
        assert set(Total.objects.values_list("step", flat=True)) == steps


def test_a_job_and_a_block_say_for_which_company_they_ask(noting: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    note_vendor_call("retell", "other", "ok", 0.1)
    with on_behalf_of(4):
        note_vendor_call("retell", "other", "ok", 0.1)
        monkeypatch.setattr(current, "claim", _Claim(), raising=False)
        note_vendor_call("retell", "other", "ok", 0.1)
    monkeypatch.setattr(current, "claim", None)
    recorder.flush()
    assert [row[4] for row in rows(Delta)] == [0, 4, 7]


def test_while_postgresql_is_away_they_wait_in_bounds(noting: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_SERIES", 10)
    with monkeypatch.context() as away:
        away.setattr(EngineConnection, "rows", _away)
        for company in range(1, 1000):
            note_vendor_call("calcom", f"GET {company % 30}", "ok", 0.1, company)
        assert recorder.flush() == 0
        assert len(noting._sums) == 21
    assert recorder.flush() == 21 and recorder.flush() == 0
    assert sum(Delta.objects.values_list("count", flat=True)) == 999, "what is lost is counted"
    assert Delta.objects.filter(kind="lost", count__gt=0).count() == 1


def test_a_process_that_cannot_keep_up_counts_what_it_loses(noting: Recorder) -> None:
    for _ in range(recorder.MOST_NOTES + 10):
        noting.note("webhook", "retell", "", "stored", 0.0, 0)
    recorder.flush()
    assert dict(Delta.objects.values_list("kind", "count")) == {"webhook": recorder.MOST_NOTES, "lost": 10}


def test_where_no_thread_can_be_started_no_job_fails_for_its_figures(
    noting: Recorder, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.METRICS_FLUSH_SECONDS = 3600.0
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", _no_room)
        note_webhook("retell", "stored")
    note_webhook("retell", "stored")
    assert noting._thread is not None and recorder.flush() == 1


def test_a_worker_writes_its_last_figures_before_it_is_gone(noting: Recorder, settings: Any) -> None:
    settings.METRICS_FLUSH_SECONDS = 3600.0
    note_webhook("retell", "stored")
    middleware = [each for each in get_broker().middleware if isinstance(each, LastFigures)]
    assert len(middleware) == 1
    middleware[0].after_worker_shutdown(None, None)
    assert Delta.objects.count() == 1


def test_figures_of_a_job_do_not_depend_on_its_transaction(noting: Recorder) -> None:
    with pytest.raises(KeyError), transaction.atomic():
        note_webhook("retell", "stored")
        recorder.flush()
        raise KeyError
    assert Delta.objects.count() == 1


def test_a_fork_has_figures_of_its_own(noting: Recorder) -> None:
    note_webhook("retell", "stored")
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(writing, str(len(recorder._recorder._notes)).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(reading, 10) == b"0" and len(noting._notes) == 1
    os.close(reading)
    os.close(writing)


def test_the_end_of_a_process_writes_what_is_left_and_waits_for_nobody(
    noting: Recorder, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.METRICS_FLUSH_SECONDS = 3600.0
    note_webhook("retell", "stored")
    recorder.flush_at_the_end()
    assert Delta.objects.count() == 1
    monkeypatch.setattr(recorder, "LAST_FLUSH", 0.05)
    hang = threading.Event()
    monkeypatch.setattr(EngineConnection, "rows", lambda *_: hang.wait(5))
    note_webhook("retell", "stored")
    recorder.flush_at_the_end()
    hang.set()


class _Claim:
    kwargs = {"company_id": 7}


def _no_room(thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def _away(*_: Any) -> Any:
    raise psycopg2.OperationalError("away")
