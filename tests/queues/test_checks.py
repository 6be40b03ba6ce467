"""`manage.py check` finds wrong configuration before a job does."""

import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from askpro.queues import S, actor, checks, config
from askpro.queues.config import Pool
from askpro.queues.models import Supervisor


@actor(queue_name="default", max_retries=2, backoff=(1 * S, 2 * S, 3 * S))
def pauses_too_often() -> None: ...


@pytest.fixture
def _known_queues():
    """Restore the product's queues afterwards."""
    yield
    config.queue_names.cache_clear()
    config.queue_names()


@pytest.fixture
def pool(_known_queues, settings, monkeypatch):
    def pool(**words):
        settings.ENVIRONMENT = "here"
        settings.QUEUE_SETTINGS = "tests.queues.test_checks"
        monkeypatch.setitem(globals(), "QUEUES", {"low": {"promise": 1}, "high": {"promise": 1}})
        monkeypatch.setitem(globals(), "ENVIRONMENTS", {"here": {"all": words}})
        config.queue_names.cache_clear()

    return pool


def ids(messages):
    return [message.id for message in messages]


def test_the_products_own_settings_are_clean():
    assert checks.check_queue_settings() == []
    assert checks.check_sweepers() == []
    assert checks.check_retention() == []


def test_settings_that_cannot_be_read_are_an_error(pool):
    pool(queues=["low"], proceses=1)
    (error,) = checks.check_queue_settings()
    assert error.id == "queues.E001"
    assert "Did you mean 'processes'" in error.msg


class TestRetention:
    def test_one_that_cannot_be_read_is_an_error(self, pool, monkeypatch):
        pool(queues=["low", "high"], processes=1)
        monkeypatch.setitem(globals(), "RETENTION", {"completed": 0})
        (error,) = checks.check_retention()
        assert error.id == "queues.E007" and "at least 1" in error.msg

    def test_a_kind_of_job_that_does_not_exist_is_an_error(self, pool, monkeypatch):
        pool(queues=["low", "high"], processes=1)
        monkeypatch.setitem(globals(), "RETENTION", {"actors": {"pauses_too_oftn": {"completed": 5}}})
        (error,) = checks.check_retention()
        assert error.id == "queues.E008" and "Did you mean 'pauses_too_often'" in error.msg


def test_a_queue_that_nobody_works_is_an_error(pool):
    pool(queues=["low"])
    (error,) = checks.check_queue_settings()
    assert error.id == "queues.E002"
    assert "['high']" in error.msg


def test_pauses_that_no_retry_comes_to_are_a_warning():
    assert [message.msg for message in checks.ladders()] == ["pauses_too_often has 3 pauses for 2 retries."]
    assert ids(checks.check_ladders()) == ["queues.W004"]


def test_a_sweeper_that_does_not_exist_is_an_error(settings):
    settings.SWEEPERS = [
        "askpro.queues.chores.promotion.promote",
        "askpro.queues.chores.promotion.no_such_thing",
        "no_module.at_all",
    ]
    assert ids(checks.check_sweepers()) == ["queues.E003", "queues.E003"]


@pytest.mark.django_db
class TestConnections:
    def test_a_few_processes_fit(self, pool):
        pool(queues=["low", "high"], processes=4, threads=2)
        assert checks.check_connections(["default"]) == []

    def test_more_than_postgresql_allows_is_a_warning(self, pool):
        pool(queues=["low", "high"], processes=500, threads=4)
        assert ids(checks.check_connections(["default"])) == ["queues.W001"]

    def test_it_asks_no_database_that_is_not_checked(self, pool, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert checks.check_connections(None) == []


@pytest.mark.django_db
class TestChores:
    def alive(self, environment, **values):
        Supervisor.objects.create(
            host="a", pid=1, process_started_at=0, environment=environment, status="running", **values
        )

    def test_dramatiqs_own_commands_alone_are_a_warning(self):
        self.alive("dramatiq")
        assert ids(checks.check_chores(["default"])) == ["queues.W003"]

    def test_a_queues_run_that_was_alive_is_none(self):
        self.alive("dramatiq")
        self.alive("production", beat_at=timezone.now() - timedelta(minutes=5))
        assert ids(checks.check_chores(["default"])) == ["queues.W003"]

    def test_a_queues_run_beside_them_is_well(self):
        self.alive("dramatiq")
        self.alive("production")
        assert checks.check_chores(["default"]) == []

    def test_nothing_running_is_no_business_of_a_check(self):
        assert checks.check_chores(["default"]) == checks.check_chores(None) == []


class TestTimeLimits:
    def test_a_job_may_not_run_longer_than_its_pool_allows(self, settings):
        from tests.queues import actors

        limit = actors.slow.word("time_limit") / 1000
        assert checks.time_limits([Pool("all", ("default",), time_limit=600)]) == []
        errors = checks.time_limits([Pool("all", ("default",), time_limit=limit - 1)])
        assert any("slow may run 60 s; its pool 'all' allows 59 s" in error.msg for error in errors)
        assert {error.id for error in errors} == {"queues.E006"}


@pytest.mark.django_db
class TestTheCommand:
    @pytest.mark.parametrize("environment", ["production", "kubernetes", "local", "testing"])
    def test_the_products_environments_have_no_error(self, environment):
        out = io.StringIO()
        call_command("queues_check", environment=environment, stdout=out)
        assert f"{environment}: 0 errors" in out.getvalue()

    def test_it_says_how_long_a_stop_may_take(self):
        out = io.StringIO()
        call_command("queues_check", environment="production", stdout=out)
        seconds = int(re.search(r"A stop takes (\d+) s at most", out.getvalue())[1])
        unit = (Path(settings.BASE_DIR) / "deploy/systemd/askpro-queues.service").read_text()
        assert int(re.search(r"TimeoutStopSec=(\d+)", unit)[1]) > seconds

    def test_an_error_is_shown_with_its_fix_and_is_the_exit_code(self, pool):
        pool(queues=["low"])
        out = io.StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command("queues_check", environment="here", stdout=out)
        assert ended.value.code == 1
        assert "error queues.E002" in out.getvalue()
        assert "Add the queues to a pool" in out.getvalue()
