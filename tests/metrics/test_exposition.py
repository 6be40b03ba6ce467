"""What Prometheus is told: valid, in bounds, the same by every process, and in time whatever is away."""

import re
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
from django.db import connection
from django.test import Client

from askpro.metrics import folding, recorder
from askpro.metrics.exposition import jobs, scrape
from askpro.metrics.exposition.reading import OF_COUNTERS, PATIENCE, SOURCES, Reading, Source
from askpro.metrics.recorder import Recorder, note_request, note_vendor_call, note_webhook
from askpro.queues.metrics.fold import to_the_end
from askpro.queues.models import Job, MetricMinute, Supervisor
from askpro.queues.testing import run_jobs
from askpro.watch.models import Incident, Watcher
from tests.metrics.told import OPENMETRICS, families, parsed, series, values
from tests.queues.actors import nothing

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "t0ken-of-prometheus-in-this-test"
# A label's value comes from the code, or is counted: these are all that there are.
LABELS = {
    *("actor", "class", "code", "environment", "error", "le", "part", "pool", "provider", "queue", "reason", "result"),
    *("route", "severity", "state", "status", "table", "vendor", "version", "view"),
}
# Suffixes that say the unit, after Prometheus' conventions; others count things, which the name says.
UNITS = ("_seconds", "_bytes", "_info", "_per_minute")


@pytest.fixture
def prometheus(settings: Any, scraping: Reading) -> Client:
    settings.METRICS_TOKEN = TOKEN
    return Client(headers={"Authorization": f"Bearer {TOKEN}", "Host": "10.1.2.3:8000"})


def scraped(client: Client, accept: str = "") -> dict[str, Any]:
    answer = client.get("/metrics", headers={"Accept": accept})
    assert answer.status_code == 200
    return parsed(answer.content.decode(), answer["Content-Type"])


def told(client: Client, name: str) -> dict[tuple[str, ...], float]:
    return values(scraped(client).values(), name)


def ran(what: str, **about: Any) -> None:
    series = {"queue_name": "low", "actor_name": "sync", "bucket": 5, "count": 1, "total": 0.01} | about
    MetricMinute.objects.create(at=datetime.now(UTC), what=what, **series)


class TestTheText:
    @pytest.mark.parametrize("accept", ["", "text/plain;version=0.0.4", OPENMETRICS, "text/html"])
    def test_it_is_valid_in_every_format_that_it_is_asked_for(
        self, prometheus: Client, noting: Recorder, accept: str
    ) -> None:
        for _ in range(2):
            note_vendor_call("calcom", 'GET "odd"\\\n', "ok", 0.2)
        recorder.flush()
        ran("completed"), ran("wait"), ran("failed", about="ValueError")
        found = scraped(prometheus, accept)
        assert {name for name in found if not name.startswith("askpro_")} == set()
        histogram = values(found.values(), "askpro_vendor_request_seconds_bucket")
        assert histogram[("+Inf", 'GET "odd"\\\n', "calcom")] == 2

    def test_every_metric_says_what_it_is_by_prometheus_conventions(self, scraping: Reading) -> None:
        for name, family in families().items():
            assert re.fullmatch(r"askpro_[a-z]+(_[a-z]+)*", name)
            assert family.documentation.endswith("."), name
            assert family.type != "histogram" or name.endswith("_seconds"), "histograms are of seconds"
            timed = re.search(r"\b(how long|seconds|age)\b", family.documentation.lower())
            assert not timed or name.endswith(UNITS), name

    def test_labels_are_few_and_known(self, scraping: Reading) -> None:
        assert {label for labels in series().values() for label in labels} <= LABELS

    def test_all_parts_can_be_read(self, prometheus: Client) -> None:
        parts = told(prometheus, "askpro_metrics_part_read")
        assert parts == {(name,): 1.0 for name in SOURCES}


class TestWhoMayRead:
    @pytest.mark.parametrize("token", ["", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer \xfc"])
    def test_nobody_without_the_token_learns_that_there_is_anything(
        self, settings: Any, client: Client, token: str
    ) -> None:
        settings.METRICS_TOKEN = TOKEN
        answer = client.get("/metrics", headers={"Authorization": token} if token else {})
        assert (answer.status_code, answer.content) == (404, b"not found\n")

    def test_nobody_where_neither_token_nor_network_is_set(self, client: Client) -> None:
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404

    def test_whoever_asks_from_a_network_of_ours(self, settings: Any, client: Client, scraping: Reading) -> None:
        settings.METRICS_NETWORKS = ["127.0.0.0/8"]
        assert client.get("/metrics", headers={"Host": "127.0.0.1:8000"}).status_code == 200
        assert client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 404

    def test_only_asking_is_allowed(self, prometheus: Client) -> None:
        assert prometheus.post("/metrics").status_code == 405


class TestFigures:
    def test_runs_agree_with_the_ledger_and_never_fall(self, prometheus: Client) -> None:
        for _ in range(3):
            nothing.send()
        run_jobs()
        key = ("nothing", "default")
        assert Job.objects.filter(status="completed").count() == 3
        for step in (to_the_end, folding.sweep, MetricMinute.objects.all().delete, folding.sweep):
            step()
            assert told(prometheus, "askpro_jobs_completed_total")[key] == 3
        assert told(prometheus, "askpro_job_run_seconds_count")[key] == 3

    def test_what_never_happened_is_told_as_0_so_that_its_first_time_shows(self, prometheus: Client) -> None:
        ran("completed")
        assert told(prometheus, "askpro_jobs_dead_total") == {("sync", "low"): 0.0}
        assert told(prometheus, "askpro_vendor_requests_total")[("key_refused", "twilio")] == 0.0
        assert told(prometheus, "askpro_webhooks_total")[("retell", "bad_signature")] == 0.0

    def test_errors_are_told_by_class_up_to_a_cap(self, prometheus: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(jobs, "MOST_ERRORS", 2)
        for name in ("KeyError", "ValueError", "TypeError", "OSError"):
            ran("failed", about=name)
            folding.sweep()
        ran("failed", about="KeyError", count=5)
        errors = told(prometheus, "askpro_job_errors_total")
        assert errors == {("KeyError",): 6.0, ("ValueError",): 1.0, ("other",): 2.0}

    def test_companies_are_told_apart_only_where_the_settings_say_so(
        self, prometheus: Client, settings: Any, noting: Recorder
    ) -> None:
        for company in (3, 1, 2):
            note_vendor_call("calcom", "GET /v2/slots", "ok", 0.2, company)
            ran("completed", company_id=company, actor_name="")
        recorder.flush()
        folding.sweep()
        assert not [name for name in scraped(prometheus) if name.startswith("askpro_company")]
        assert told(prometheus, "askpro_vendor_requests_total")[("ok", "calcom")] == 3
        settings.METRICS_COMPANIES = 2
        requests = told(prometheus, "askpro_company_vendor_requests_total")
        assert requests == {("1", "ok", "calcom"): 1.0, ("2", "ok", "calcom"): 1.0}
        assert told(prometheus, "askpro_company_jobs_completed_total") == {("1",): 1.0, ("2",): 1.0}

    def test_requests_and_webhooks_are_told_as_they_were_noted(self, prometheus: Client, noting: Recorder) -> None:
        note_request("webhooks.retell", "5xx", 0.2)
        for page in ("admin:calls_call_changelist", "admin:index"):
            note_request(page, "2xx", 0.1)
        note_webhook("retell", "bad_signature")
        recorder.flush()
        assert told(prometheus, "askpro_http_request_seconds_count") == {
            ("5xx", "webhooks.retell"): 1.0,
            ("2xx", "admin"): 2.0,
        }
        assert told(prometheus, "askpro_webhooks_total")[("retell", "bad_signature")] == 1.0

    def test_incidents_that_are_open_and_watchers_that_go_round_are_told(self, prometheus: Client) -> None:
        now = datetime.now(UTC)
        for about, status in (("low", "open"), ("high", "open"), ("default", "over"), ("critical", "pending")):
            Incident.objects.create(
                code="queue_depth", about=about, severity="warning", status=status, began_at=now, seen_at=now
            )
        for host, beat, stopped in (("a", now, None), ("b", now - timedelta(hours=1), None), ("c", now, now)):
            Watcher.objects.create(host=host, pid=1, started_at=beat, beat_at=beat, stopped_at=stopped)
        assert told(prometheus, "askpro_incidents_open") == {("queue_depth", "warning"): 2.0}
        assert told(prometheus, "askpro_watchers") == {(): 1.0}

    def test_a_host_that_fell_silent_is_told_apart(self, prometheus: Client) -> None:
        for seconds in (0, 120):
            beat = datetime.now(UTC) - timedelta(seconds=seconds)
            Supervisor.objects.create(host="h", pid=1, process_started_at=0.0, environment="testing", beat_at=beat)
        assert told(prometheus, "askpro_supervisors") == {("alive",): 1.0, ("silent",): 1.0}


class TestWhileSomethingIsAway:
    def test_a_frozen_postgresql_is_told_in_time(self, prometheus: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        reading = Reading(patience=PATIENCE)
        monkeypatch.setattr(scrape, "READING", reading)
        with socket.create_server(("127.0.0.1", 0)) as hung:
            monkeypatch.setitem(connection.settings_dict, "PORT", str(hung.getsockname()[1]))
            began = time.monotonic()
            found = scraped(prometheus)
            assert time.monotonic() - began < 2.0
        assert values(found.values(), "askpro_up")[("postgres",)] == 0.0
        assert set(values(found.values(), "askpro_metrics_part_read").values()) == {0.0}
        assert "askpro_jobs_completed" not in found

    def test_one_that_freezes_leaves_nothing_to_tell(self, prometheus: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "askpro_queue_jobs_ready" in scraped(prometheus)
        monkeypatch.setattr(scrape.READING, "look", lambda: None)
        monkeypatch.setattr(scrape.READING, "_answered_at", time.monotonic() - OF_COUNTERS)
        found = scraped(prometheus)
        assert values(found.values(), "askpro_up")[("postgres",)] == 0.0 and "askpro_queue_jobs_ready" not in found

    def test_a_postgresql_that_was_restarted_is_found_at_once(self, prometheus: Client, scraping: Reading) -> None:
        assert told(prometheus, "askpro_up")[("postgres",)] == 1.0
        scraping._database._raw.close()
        assert told(prometheus, "askpro_up")[("postgres",)] == 1.0

    def test_one_that_goes_away_is_told_at_once(self, prometheus: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        assert told(prometheus, "askpro_up")[("postgres",)] == 1.0
        monkeypatch.setattr(Reading, "_connect", away)
        found = scraped(prometheus)
        assert values(found.values(), "askpro_up")[("postgres",)] == 0.0 and "askpro_queue_jobs_ready" not in found

    def test_redis_is_told_to_be_away(self, prometheus: Client, settings: Any) -> None:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        assert told(prometheus, "askpro_up") == {("postgres",): 1.0, ("redis",): 0.0}
        settings.REDIS_URL = ""
        assert told(prometheus, "askpro_up") == {("postgres",): 1.0}

    @pytest.mark.parametrize("error", [psycopg2.errors.UndefinedTable, psycopg2.errors.QueryCanceled])
    def test_a_part_that_cannot_be_read_is_left_out_and_said_to_be(
        self, prometheus: Client, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
    ) -> None:
        def missing(database: Any) -> Any:
            raise error

        monkeypatch.setitem(SOURCES, "jobs", Source(missing, 5.0))
        found = scraped(prometheus).values()
        parts = values(found, "askpro_metrics_part_read")
        assert parts.pop(("jobs",)) == 0.0 and set(parts.values()) == {1.0}
        assert values(found, "askpro_up")[("postgres",)] == 1.0

    def test_while_a_backlog_is_counted_all_else_is_told(
        self, prometheus: Client, scraping: Reading, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counted = threading.Event()

        def backlog(database: Any) -> Any:
            counted.wait(10)
            return []

        reading = Reading(fresh=0.0, patience=0.5)
        monkeypatch.setattr(scrape, "READING", reading)
        monkeypatch.setitem(SOURCES, "queues", Source(backlog, 30.0))
        ran("completed")
        found = scraped(prometheus).values()
        counted.set()
        assert values(found, "askpro_up")[("postgres",)] == 1.0
        assert values(found, "askpro_metrics_part_read")[("queues",)] == 0.0
        assert values(found, "askpro_jobs_completed_total") == {("sync", "low"): 1.0}
        reading.look()
        reading.close()

    def test_many_scrapes_cost_one_reading(self, prometheus: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        readings = []
        reading = Reading()
        monkeypatch.setattr(scrape, "READING", reading)
        monkeypatch.setattr(reading._shared, "_look", lambda: readings.append(1))
        for _ in range(5):
            scraped(prometheus)
        assert len(readings) == 1


def away(reading: Reading) -> None:
    raise psycopg2.OperationalError("away")
