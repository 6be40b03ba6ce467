"""The verdict on the queues: each thing that can be wrong, against its threshold."""

import io
import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import pytest
from django.core.checks import Error
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from askpro import checks
from askpro.health import verdict, views
from askpro.health.models import Canary
from askpro.health.queues import check
from askpro.health.result import Verdict
from askpro.health.shared import Shared
from askpro.health.tasks import CANARIES
from askpro.health.thresholds import THRESHOLDS
from askpro.queues.config import queue_names
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.models import FleetEvent, Job, Pause, Schedule, Supervisor
from tests.queues import actors
from tests.queues.door import Door
from tests.queues.queues_run import wait_until

pytestmark = pytest.mark.django_db
TOKEN = "t" * 32


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict, "SHARED", Shared(verdict.look, 0.0, verdict.PATIENCE))
    monkeypatch.setattr(verdict, "_database", EngineConnection())
    monkeypatch.setattr(views, "_queues", views.Said("health/queues", Verdict.HEALTHY))


@pytest.fixture
def fleet() -> Supervisor:
    """One host that has worked all queues for an hour, all canaries of which are there."""
    now = timezone.now()
    for queue in queue_names():
        Schedule.objects.create(name=f"canary-{queue}", cron="* * * * *", timezone="UTC", actor_name=f"canary_{queue}")
        Canary.objects.create(queue=queue, sent_at=now, seen_at=now)
    state = {
        "processes": {"all": [3, 3]},
        "queues": {"all": list(queue_names())},
        "pools": {"all": [1, 3, "off"]},
        "workers": {"7": {"memory": 50, "runs": 3, "silent": 0.1}},
    }
    started = now - timedelta(hours=1)
    return Supervisor.objects.create(
        host="eins", pid=1, process_started_at=0, environment="testing", pools=["all"], state=state, started_at=started
    )


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """The way of the verdict to PostgreSQL."""
    real = connection.settings_dict
    door = Door(real["HOST"], int(real["PORT"]))
    monkeypatch.setitem(real, "PORT", str(door.port))
    yield door
    door.close()


def found(now: datetime | None = None) -> list[tuple[str, str, str]]:
    return [(str(issue.severity), issue.code, issue.about) for issue in check(now).issues]


def ready(count: int, seconds_ago: float = 0.0) -> None:
    for _ in range(count):
        actors.nothing.send()
    Job.objects.update(ready_at=timezone.now() - timedelta(seconds=seconds_ago))


def dead(count: int, minutes_ago: float, queue: str = "default") -> None:
    for _ in range(count):
        actors.nothing.send()
    at = timezone.now() - timedelta(minutes=minutes_ago)
    Job.objects.filter(status="queued").update(status="dead", queue_name=queue, finished_at=at)


def test_all_is_well(fleet: Supervisor) -> None:
    assert check().as_dict() | {"checked_at": None} == {"status": "healthy", "issues": (), "checked_at": None}


class TestWhatIsWrong:
    def test_nobody_works(self, fleet: Supervisor) -> None:
        Supervisor.objects.update(beat_at=timezone.now() - timedelta(seconds=16))
        assert found() == [("unhealthy", "no_queues_run", "fleet")]
        Supervisor.objects.update(beat_at=timezone.now(), status="stopped")
        assert found() == [("unhealthy", "no_queues_run", "fleet")]

    def test_a_host_is_silent_and_another_one_lives(self, fleet: Supervisor) -> None:
        last = timezone.now() - timedelta(seconds=20)
        Supervisor.objects.create(host="zwei", pid=2, process_started_at=0, environment="testing", beat_at=last)
        assert found() == [("degraded", "silent", "zwei")]

    def test_a_worker_is_stuck(self, fleet: Supervisor) -> None:
        fleet.state["workers"]["7"]["silent"] = 8.0
        fleet.save()
        assert found() == [("degraded", "stuck", "eins:7")]
        # Another release may say less.
        del fleet.state["workers"]
        fleet.save()
        assert found() == []

    def test_a_queue_without_a_consumer_is_worse_where_jobs_wait_for_one(self, fleet: Supervisor) -> None:
        fleet.state["queues"]["all"] = [name for name in queue_names() if name != "default"]
        fleet.save()
        assert found() == [("degraded", "queue_without_consumer", "default")]
        ready(1)
        assert found() == [("unhealthy", "queue_without_consumer", "default")]
        Pause.objects.create(kind="queue", name="default")
        assert found() == []

    def test_there_are_too_many_ready_jobs(self, fleet: Supervisor, settings: Any) -> None:
        settings.HEALTH_THRESHOLDS = {"ready.degraded": "2", "ready.unhealthy": "3"}
        ready(2)
        assert found() == []
        ready(1)
        assert found() == [("degraded", "ready", "default")]
        ready(1)
        assert found() == [("unhealthy", "ready", "default")]

    def test_a_promise_is_broken(self, fleet: Supervisor) -> None:
        ready(1, seconds_ago=58)
        assert found() == []
        ready(0, seconds_ago=62)
        (issue,) = check().issues
        assert (issue.severity, issue.code, issue.threshold) == ("degraded", "late", 1)
        assert issue.words == "default breaks its promise of 60 s: the oldest job waits 62 s."
        ready(0, seconds_ago=601)
        assert found() == [("unhealthy", "late", "default")]

    def test_jobs_have_died_within_the_hour(self, fleet: Supervisor) -> None:
        """In total there may be as many as there are: a hundred of last week would make it red for ever."""
        dead(100, minutes_ago=61)
        dead(4, minutes_ago=59)
        assert found() == []
        dead(1, minutes_ago=1)
        assert found() == [("degraded", "dead", "default")]
        dead(45, minutes_ago=1)
        assert found() == [("unhealthy", "dead", "default")]

    def test_one_dead_job_of_an_urgent_queue_is_enough(self, fleet: Supervisor) -> None:
        dead(1, minutes_ago=1, queue="critical")
        assert found() == [("degraded", "dead_urgent", "critical")]

    def test_a_queue_was_paused_and_forgotten(self, fleet: Supervisor) -> None:
        Pause.objects.create(kind="queue", name="default", at=timezone.now() - timedelta(minutes=16))
        assert found() == [("degraded", "paused", "default")]
        Pause.objects.update(until=timezone.now())
        assert found() == []

    def test_the_worst_decides_and_comes_first(self, fleet: Supervisor) -> None:
        dead(1, minutes_ago=1, queue="critical")
        ready(1, seconds_ago=601)
        result = check()
        assert (result.status, result.code) == (Verdict.UNHEALTHY, 2)
        assert [(issue.severity, issue.code) for issue in result.issues] == [
            ("unhealthy", "late"),
            ("degraded", "dead_urgent"),
        ]


class TestCanaries:
    def test_one_that_does_not_come_through_is_missed_beyond_its_queues_promise(self, fleet: Supervisor) -> None:
        soon, later = timezone.now() + timedelta(seconds=184), timezone.now() + timedelta(seconds=186)
        assert found(soon) == []
        assert found(later) == [("degraded", "canary", "critical")]
        assert ("unhealthy", "canary", "critical") in found(timezone.now() + timedelta(seconds=606))

    def test_none_is_missed_of_a_paused_queue_and_for_a_while_after_its_end(self, fleet: Supervisor) -> None:
        Canary.objects.update(seen_at=timezone.now() - timedelta(hours=1))
        for queue in queue_names():
            Pause.objects.create(kind="queue", name=queue)
        assert found() == []
        Pause.objects.all().delete()
        assert {code for _, code, _ in found()} == {"canary"}
        FleetEvent.objects.create(kind="command", text=f"lina: resume queue {', '.join(queue_names())}")
        assert found() == []
        FleetEvent.objects.all().delete()
        for queue in queue_names():
            Pause.objects.create(kind="queue", name=queue, until=timezone.now() - timedelta(seconds=5))
        assert found() == []

    def test_none_is_missed_where_the_schedule_sends_none(self, fleet: Supervisor) -> None:
        Canary.objects.all().delete()
        assert {code for _, code, _ in found()} == {"canary"}
        Schedule.objects.update(is_paused=True)
        assert found() == []

    def test_a_new_fleet_has_time_to_send_the_first_one(self, fleet: Supervisor) -> None:
        Canary.objects.update(seen_at=timezone.now() - timedelta(days=1))
        fleet.started_at = timezone.now() - timedelta(seconds=100)
        fleet.save()
        assert found() == []


class TestThresholds:
    def test_each_is_used(self, fleet: Supervisor, settings: Any) -> None:
        settings.HEALTH_THRESHOLDS = {f"{name}.degraded": "0" for name in THRESHOLDS}
        fleet.state["workers"]["7"]["silent"] = 8.0
        fleet.state["queues"]["all"] = [*queue_names()]
        fleet.save()
        dead(1, 1)
        dead(1, 1, "critical")
        ready(1, 20)
        Pause.objects.create(kind="queue", name="low", at=timezone.now() - timedelta(seconds=9))
        now = timezone.now() + timedelta(seconds=100)
        assert {code for _, code, _ in found(now)} == set(THRESHOLDS)

    @pytest.mark.parametrize(
        "wrong",
        ["late=3", "lat.degraded=3", "late.degraded=many", "late.degraded=-1", "late.degraded=inf", "late.degraded=11"],
    )
    def test_what_cannot_be_meant_fails_in_check(self, settings: Any, wrong: str) -> None:
        settings.HEALTH_THRESHOLDS = dict([wrong.split("=")])
        (said,) = checks.check_health()
        assert isinstance(said, Error) and said.hint and "HEALTH_THRESHOLDS" in said.msg
        settings.HEALTH_THRESHOLDS = {"late.unhealthy": "20"}
        assert checks.check_health() == []


def command(*options: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("queues_health", *options, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


@pytest.mark.django_db(transaction=True)
class TestWhoAsks:
    def test_the_command_ends_as_the_verdict_is(self, fleet: Supervisor) -> None:
        assert command() == (0, "healthy\n")
        ready(1, seconds_ago=61)
        code, said = command()
        assert code == 1 and said.startswith("degraded\n  degraded  late: default breaks its promise of 60 s")
        ready(0, seconds_ago=601)
        code, said = command("--json")
        assert code == 2 and [issue["code"] for issue in json.loads(said)["issues"]] == ["late"]

    def test_it_ends_with_3_in_time_while_postgresql_does_not_answer(
        self, fleet: Supervisor, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert command()[0] == 0
        monkeypatch.setattr(verdict, "SHARED", Shared(verdict.look, 0.0, 0.3))
        door.freeze()
        began = time.monotonic()
        code, said = command()
        assert (code, said.splitlines()[0]) == (3, "unhealthy") and time.monotonic() - began < 1.0
        door.open()
        door.shut()
        assert wait_until(lambda: command()[0] == 3 and "postgres_away" in command()[1], 5.0)
        door.open()
        assert wait_until(lambda: command()[0] == 0, 5.0)

    def test_what_postgresql_refuses_is_no_verdict_and_no_traceback(
        self, fleet: Supervisor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refused(**_: Any) -> None:
            raise psycopg2.errors.UndefinedTable

        monkeypatch.setattr(verdict.queues, "check", refused)
        code, said = command()
        assert code == 2 and "no_verdict: PostgreSQL refuses the question: UndefinedTable." in said

    def test_everybody_hears_the_word_and_operators_the_reasons(self, fleet: Supervisor, settings: Any) -> None:
        settings.METRICS_TOKEN, settings.METRICS_NETWORKS = TOKEN, ["10.0.0.0/8", "nonsense"]
        ready(1, seconds_ago=601)
        client = Client(HTTP_HOST="10.0.0.1")
        plain = client.get("/health/queues")
        assert (plain.status_code, plain.json()) == (503, {"status": "unhealthy"})
        for wrong in ("Bearer " + TOKEN[1:], "Bearer", "Basic " + TOKEN, TOKEN, "Bearer ü"):
            assert client.get("/health/queues", HTTP_AUTHORIZATION=wrong).json() == plain.json()
        told = client.get("/health/queues", HTTP_AUTHORIZATION=f"Bearer {TOKEN}").json()
        assert [issue["code"] for issue in told["issues"]] == ["late"]
        assert client.get("/health/queues", REMOTE_ADDR="10.20.30.40").json()["issues"]
        assert client.get("/health/queues", REMOTE_ADDR="11.20.30.40").json() == plain.json()
        ready(0, seconds_ago=0)
        assert client.get("/health/queues").status_code == 200

    def test_without_settings_nobody_is_an_operator(self, fleet: Supervisor) -> None:
        ready(1, seconds_ago=61)
        for header in ("Bearer ", "Bearer"):
            answer = Client().get("/health/queues", HTTP_AUTHORIZATION=header)
            assert (answer.status_code, answer.json()) == (200, {"status": "degraded"})

    def test_settings_that_protect_nothing_fail_in_check(self, settings: Any) -> None:
        settings.METRICS_TOKEN, settings.METRICS_NETWORKS = "short", ["10.0.0.0/8", "10.0.0.1/8"]
        assert [said.id for said in checks.check_metrics()] == ["askpro.E014", "askpro.E014"]
        settings.METRICS_TOKEN, settings.METRICS_NETWORKS = TOKEN, ["::1", "10.0.0.0/8"]
        assert checks.check_metrics() == []


def test_every_queue_has_its_canary() -> None:
    assert set(CANARIES) == set(queue_names())
