"""What load balancers hear: in time, whatever address they ask by, and true of what a webhook would meet."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from django.utils import timezone

from askpro.health import probes, ready, views
from askpro.health.models import Probe
from askpro.health.shared import Shared
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.models import Supervisor, Worker
from tests.queues.door import Door
from tests.queues.queues_run import wait_until
from tests.webhooks.signing import RETELL_KEY, post_retell, recorded
from webhooks.inbox import unstored

NOTHING_KNOWN = {"database": "down", "migrations": "unknown", "workers": "unknown", "redis": "ok", "webhooks": "ok"}
ALL_WELL = {"database": "ok", "migrations": "ok", "workers": "ok", "redis": "ok", "webhooks": "ok"}


@pytest.fixture
def closed_port() -> int:
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


@pytest.fixture
def hung_port() -> Iterator[int]:
    """A server that accepts the connection and never answers."""
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield int(server.getsockname()[1])


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """The way of this process to PostgreSQL."""
    real = connection.settings_dict
    door = Door(real["HOST"], int(real["PORT"]))
    monkeypatch.setitem(real, "PORT", str(door.port))
    yield door
    door.close()


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineConnection]:
    """A process that was not asked before."""
    database = EngineConnection()
    monkeypatch.setattr(ready, "_database", database)
    monkeypatch.setattr(ready, "_migrated", True)
    monkeypatch.setattr(ready, "SHARED", Shared(ready.look, ready.FRESH, ready.PATIENCE))
    monkeypatch.setattr(views, "_ready", views.Said("health/ready", "ready"))
    unstored.note_stored()
    yield database
    unstored.note_stored()
    # A look that hangs still has it, and the lock with it.
    threading.Thread(target=database.close, daemon=True).start()


@pytest.fixture
def worker() -> Worker:
    host = Supervisor.objects.create(host="eins", pid=1, process_started_at=0, environment="testing")
    return Worker.objects.create(supervisor=host, pool="all", host="eins", pid=2)


@pytest.fixture
def refusing() -> Iterator[Callable[[str], None]]:
    """Lets PostgreSQL refuse to write the probe's row, with the error that is named."""
    with connection.cursor() as cursor:

        def refuse(condition: str) -> None:
            cursor.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                f" 'BEGIN RAISE EXCEPTION USING ERRCODE = ''{condition}''; END'"
            )
            cursor.execute("CREATE TRIGGER refuse BEFORE INSERT ON health_probe EXECUTE FUNCTION refuse()")

        yield refuse
        cursor.execute("DROP FUNCTION IF EXISTS refuse CASCADE")


@pytest.fixture
def read_only() -> Iterator[Callable[[str], None]]:
    """Lets the web's own session only read."""
    with connection.cursor() as cursor:
        yield lambda how: cursor.execute(f"SET default_transaction_read_only = {how}")
        cursor.execute("RESET default_transaction_read_only")


def again() -> None:
    """As if a second had passed since the last look."""
    ready.SHARED = Shared(ready.look, ready.FRESH, ready.PATIENCE)


def asked(client: Client, **more: str) -> tuple[int, str, dict[str, str]]:
    answer = client.get("/health/ready", **more)
    return answer.status_code, answer.json()["status"], answer.json()["checks"]


def test_it_lives_without_a_database(client: Client) -> None:
    answer = client.get("/health/live")

    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert client.post("/health/live").status_code == 405


@pytest.mark.django_db(transaction=True)
class TestReady:
    def test_it_is_when_postgresql_takes_a_row_its_schema_is_complete_and_somebody_works(
        self, client: Client, worker: Worker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ready, "_migrated", False)
        answer = client.get("/health/ready")

        assert (answer.status_code, answer.json()) == (
            200,
            {"status": "ready", "version": configured.CODE_VERSION, "checks": ALL_WELL},
        )
        assert "no-store" in answer["Cache-Control"]
        assert Probe.objects.count() == 1

    def test_without_a_living_worker_it_is_degraded_and_takes_what_comes(self, client: Client, worker: Worker) -> None:
        Worker.objects.update(status=Worker.Status.STOPPED)
        assert asked(client) == (200, "degraded", ALL_WELL | {"workers": "none"})

        Worker.objects.update(status=Worker.Status.RUNNING)
        Supervisor.objects.update(status=Supervisor.Status.DEAD)
        again()
        assert asked(client)[1:] == ("degraded", ALL_WELL | {"workers": "none"})

        Supervisor.objects.update(status=Supervisor.Status.RUNNING, beat_at=timezone.now() - timedelta(seconds=16))
        again()
        assert asked(client)[1:] == ("degraded", ALL_WELL | {"workers": "none"})

    def test_it_is_not_when_a_migration_is_missing(
        self, client: Client, worker: Worker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ready, "_migrated", False)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'webhooks' RETURNING app, name, applied")
            gone = cursor.fetchall()
        try:
            assert asked(client) == (503, "not ready", ALL_WELL | {"migrations": "missing"})
        finally:
            with connection.cursor() as cursor:
                cursor.executemany("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", gone)

    def test_it_is_not_when_postgresql_only_reads(
        self, client: Client, worker: Worker, fresh: EngineConnection
    ) -> None:
        fresh.rows("SET default_transaction_read_only = on")
        assert asked(client) == (503, "not ready", NOTHING_KNOWN | {"database": "read-only"})

    @pytest.mark.parametrize(("condition", "word"), [("disk_full", "full"), ("out_of_memory", "down")])
    def test_it_is_not_when_postgresql_cannot_take_a_row(
        self, client: Client, worker: Worker, refusing: Callable[[str], None], condition: str, word: str
    ) -> None:
        refusing(condition)
        assert asked(client) == (503, "not ready", NOTHING_KNOWN | {"database": word})

    @pytest.mark.parametrize("port", ["closed_port", "hung_port"])
    def test_it_is_not_within_seconds_when_postgresql_does_not_answer(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, port: str
    ) -> None:
        monkeypatch.setattr(ready, "SHARED", Shared(ready.look, ready.FRESH, 0.3))
        monkeypatch.setitem(connection.settings_dict, "PORT", str(request.getfixturevalue(port)))
        began = time.monotonic()
        code, word, checks = asked(client)

        assert (code, word) == (503, "not ready")
        assert checks["database"] == ("down" if port == "closed_port" else "no answer")
        assert time.monotonic() - began < 1.0

    def test_while_postgresql_is_frozen_nobody_waits_longer_than_the_first_one(
        self, client: Client, worker: Worker, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert asked(client)[0] == 200
        door.freeze()
        monkeypatch.setattr(ready, "SHARED", Shared(ready.look, 0.0, 0.3))
        began = time.monotonic()
        found = [asked(client)[2]["database"] for _ in range(20)]
        assert set(found) == {"no answer"} and time.monotonic() - began < 1.0

        door.open()
        assert wait_until(lambda: asked(client)[0] == 200, 5.0)

    def test_a_server_that_is_back_is_found_at_once(self, client: Client, worker: Worker, door: Door) -> None:
        assert asked(client)[0] == 200
        door.shut()
        again()
        assert asked(client)[2]["database"] == "down"
        door.open()
        again()
        assert asked(client)[0] == 200

    def test_a_session_that_was_ended_meanwhile_is_replaced_unnoticed(self, client: Client, worker: Worker) -> None:
        assert asked(client)[0] == 200
        ((pid,),) = ready._database.rows("SELECT pg_backend_pid()")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])
        again()
        assert asked(client)[0] == 200

    def test_many_who_ask_at_once_share_one_look_and_one_connection(self, worker: Worker) -> None:
        looks, answers = [], []

        def look() -> ready.Readiness:
            looks.append(threading.get_ident())
            return ready.look()

        ready.SHARED = Shared(look, ready.FRESH, ready.PATIENCE)
        threads = [threading.Thread(target=lambda: answers.append(asked(Client())[0])) for _ in range(20)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert answers == [200] * 20 and len(looks) == 1

    def test_it_is_not_while_webhooks_are_answered_with_503(
        self, client: Client, worker: Worker, settings: Any, read_only: Callable[[str], None]
    ) -> None:
        """Whatever the reason, such as a table that cannot grow while the probe's own row still fits."""
        settings.RETELL_API_KEYS = [RETELL_KEY]
        read_only("on")
        assert post_retell(recorded("retell", "call_ended")).status_code == 503
        assert asked(client) == (503, "not ready", ALL_WELL | {"webhooks": "refused lately"})

        read_only("off")
        assert post_retell(recorded("retell", "call_ended")).status_code == 204
        assert asked(client)[0] == 200

    def test_a_refusal_of_long_ago_is_forgiven(self, client: Client, worker: Worker) -> None:
        unstored.note("retell")
        assert asked(client)[0] == 503
        unstored._refused_at = time.monotonic() - unstored.LATELY
        assert asked(client)[0] == 200


@pytest.mark.django_db(transaction=True)
class TestRedis:
    @pytest.mark.parametrize("port", ["closed_port", "hung_port"])
    def test_it_is_only_reported_and_waited_for_less_than_a_second(
        self, client: Client, worker: Worker, settings: Any, request: pytest.FixtureRequest, port: str
    ) -> None:
        settings.REDIS_URL = f"redis://127.0.0.1:{request.getfixturevalue(port)}/0"
        began = time.monotonic()

        assert asked(client) == (200, "ready", ALL_WELL | {"redis": "down"})
        assert time.monotonic() - began < 1.0

    def test_it_says_off_when_there_is_none(self, client: Client, worker: Worker, settings: Any) -> None:
        settings.REDIS_URL = ""
        assert asked(client) == (200, "ready", ALL_WELL | {"redis": "off"})


@pytest.mark.django_db(transaction=True)
class TestWhoAsks:
    @pytest.mark.parametrize("host", ["10.1.2.3:8000", "[fe80::1]", "no such host!", "evil.example"])
    def test_any_host_header_is_answered_here_and_nowhere_else(self, client: Client, worker: Worker, host: str) -> None:
        assert asked(client, HTTP_HOST=host)[0] == 200
        assert client.get("/health/live", HTTP_HOST=host).status_code == 200
        for path in ("/admin/login/", "/webhooks/retell/", "/health/live/", "/health/nothing"):
            assert client.get(path, HTTP_HOST=host).status_code == 400, path

    def test_no_session_and_no_cookie_comes_of_it(self, client: Client, worker: Worker) -> None:
        assert not client.get("/health/ready").cookies

    def test_every_probe_can_be_imported(self, settings: Any) -> None:
        assert all(callable(probes._view(path)) for path in settings.PROBES.values())

    def test_incident_29_whoever_asks_all_day_fills_no_log(
        self, client: Client, worker: Worker, door: Door, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A status script wrote 2,500 errors a day. What is told here is told once: that it has changed."""
        caplog.set_level(logging.INFO)
        assert asked(client)[0] == 200
        assert caplog.records == []
        door.shut()
        again()
        assert {asked(client)[0] for _ in range(1000)} == {503}
        door.open()
        again()
        assert asked(client)[0] == 200
        said = [(record.levelname, record.getMessage()) for record in caplog.records]
        assert [(level, words.partition(" (")[0]) for level, words in said] == [
            ("WARNING", "health/ready: not ready"),
            ("INFO", "health/ready: ready"),
        ]
        assert "database down" in said[0][1]
