"""A whole run, as small as possible: checks that all is measured and nothing is left behind, not how fast it is."""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from django.db import connection

from askpro.dev.bench.measures import flood
from askpro.dev.bench.place import Place
from askpro.dev.front import nginx
from askpro.dev.up.process import is_alive, wait_until

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 300

pytestmark = pytest.mark.django_db

Environment = Callable[..., dict[str, str]]


def bench(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "askpro.dev.bench", *arguments]
    return subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)


def measured(environment: dict[str, str], *names: str) -> dict[str, Any]:
    ran = bench(environment, "--json", "--quick", "--share", "0.02", "--only", *names)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def check_figures(found: dict[str, Any]) -> None:
    for figure in found["figures"]:
        # With so little measured, an added time may even be negative.
        assert figure["askpro"] > 0 or figure["ratio"] is None
        assert figure["peer"] > 0
        assert len(figure["rounds"]["askpro"]) == len(figure["rounds"]["peer"]) == 1


def databases() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall()}


def keys(environment: dict[str, str]) -> list[bytes]:
    """The keys of this benchmark only: others may use the same Redis."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", environment["DATABASE_URL"])
        prefix = Place().prefix
    return list(redis.Redis.from_url(environment["REDIS_URL"]).scan_iter(f"{prefix}:*"))


def held_still(parent: int) -> list[int]:
    with suppress(psutil.NoSuchProcess):
        children = psutil.Process(parent).children(recursive=True)
        return [child.pid for child in children if child.status() == psutil.STATUS_STOPPED]
    return []


def outside_a_transaction(statement: str) -> None:
    """No transaction, since databases cannot be created and dropped in one."""
    own = connection.copy()
    own.set_autocommit(True)
    with own.cursor() as cursor:
        cursor.execute(statement)
    own.close()


def test_it_measures_jobs_and_leaves_nothing_behind_not_even_of_a_killed_run(child_environment: Environment):
    environment = child_environment()
    argv = [sys.executable, "-m", "askpro.dev.bench", "--quick", "--only", "jobs"]
    killed = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: len(held_still(killed.pid)) > 1, 60, pause=0.1)
    finally:
        left = held_still(killed.pid)
        killed.kill()
        killed.wait()
    found = measured(environment, "jobs", "send")
    assert not any(is_alive(pid) for pid in left)
    assert found["machine"]["cores"] >= 1
    assert found["machine"]["fsync"] == "on"
    assert [(figure["measure"], figure["target"]) for figure in found["figures"]] == [
        ("empty jobs, full history", "≥ 2.5 ×"),
        ("empty jobs, full history", "≥ 1.5 ×"),
        ("enqueue in one transaction", None),
        ("send() adds to a transaction, p50", "≤ 0.5"),
        ("send() adds to a transaction, p99", None),
    ]
    check_figures(found)
    assert [cost["side"] for cost in found["cpu_per_job_us"]] == [
        "AskPro",
        "RedisBroker",
        "RedisBroker, prefetch 200",
    ]
    assert f"{connection.settings_dict['NAME']}_bench" not in databases()
    assert keys(environment) == []


@pytest.mark.long
def test_it_measures_what_the_engine_has_beyond_single_jobs(child_environment: Environment):
    environment = child_environment()
    found = measured(environment, "atomic", "batch", "chain", "unique", "history", "metrics")
    assert [(figure["measure"], figure["target"]) for figure in found["figures"]] == [
        ("atomic jobs, one INSERT each", None),
        ("a batch of 60 empty jobs, on_finish included", None),
        ("chains of 5 empty jobs, many at once", None),
        ("a chain of 5 when idle, p50", None),
        ("a chain of 5 when idle, p99", None),
        ("unique sends, half of them find a copy", None),
        ("empty jobs, 4,000 finished ones in the ledger", "≥ 0.75 ×"),
        ("empty jobs, figures folded meanwhile", "≥ 0.97 ×"),
    ]
    check_figures(found)
    assert keys(environment) == []


@pytest.mark.long
def test_it_weighs_what_each_kind_of_job_leaves(child_environment: Environment):
    weights = {weight["kind"]: weight for weight in measured(child_environment(), "weight")["weights"]}
    # The run that completed a job has no row of its own; one that failed has.
    assert weights["a job"]["rows"] == 1
    assert weights["a job that fails once"]["rows"] == 2
    assert all(weight["kept"] > 100 and weight["log_alone"] > 500 for weight in weights.values())
    # A claim and a settle; a key is taken in between.
    assert weights["a job"]["statements_alone"] == pytest.approx(2, abs=0.3)
    assert weights["with two tags, a key and a tenant"]["statements_alone"] == pytest.approx(3, abs=0.3)


@pytest.mark.long
def test_it_measures_the_way_of_a_call_from_end_to_end(child_environment: Environment):
    found = measured(child_environment(), "pickup", "fairness", "ingest", "complete")
    assert [figure["measure"] for figure in found["figures"]] == [
        "pick-up when idle, p50",
        "pick-up when idle, p99",
        "empty jobs of 20 tenants, in turn",
        "one job behind 20 of another tenant waits longer by",
        "webhook intake",
        "webhook intake",
        "webhook intake, p99",
        "call_ended to SMS accepted, p50",
        "call_ended to SMS accepted, p99",
    ]


@pytest.mark.long
def test_it_measures_what_callers_wait_for(child_environment: Environment):
    found = measured(child_environment(), "functions")
    assert [(figure["measure"], figure["target"]) for figure in found["figures"]] == [
        ("functions, ten callers who never pause", None),
        ("a function that looks, p95", "≤ 300"),
        ("one that changes, p95", None),
    ]
    # Cal.com takes 100 ms for each request.
    assert all(figure["peer"] > 100 for figure in found["figures"][1:])


@pytest.mark.long
@pytest.mark.skipif(not nginx.FOUND, reason="no nginx here: apt-get install -y nginx-light")
def test_it_measures_the_vendors_while_somebody_attacks(child_environment: Environment):
    found = measured(child_environment(), "flood")
    assert [figure["target"] for figure in found["figures"]] == [None, "≤ 250"] * len(flood.NAMES)
    check_figures(found)


@pytest.mark.long
def test_it_measures_what_others_would_pick(child_environment: Environment):
    environment = child_environment()
    found = measured(environment, "send", "--peers")
    beside = [figure["peer_name"].split(",")[0] for figure in found["figures"][2:]]
    assert beside == [name for name in ("Celery", "django-tasks", "procrastinate", "pgqueuer", "awa") for _ in range(3)]
    check_figures(found)
    costs = {cost["side"].split(",")[0]: cost for cost in found["cpu_per_job_us"]}
    assert set(costs) == {"AskPro", *beside}
    assert all(cost["workers"] > 0 and cost["kept"] for cost in costs.values())
    assert keys(environment) == []


@pytest.mark.long
def test_it_puts_the_production_pools_under_pressure(child_environment: Environment):
    environment = child_environment()
    phases = ("--phases", "open-transaction,restarted-server")
    ran = bench(environment, "--json", "--pressure", "--minutes", "0.1", "--share", "0.05", *phases)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    # The server belongs to the tests.
    assert found["left_out"] == ["restarted-server"]
    (side,) = found["sides"]
    assert side["about"] == "the production pools, 6 to 6 processes of 29 to 77"
    assert side["capacity"] > 0
    clean, disturbed = side["phases"]
    assert [clean["phase"], disturbed["phase"]] == ["clean", "open-transaction"]
    for phase in (clean, disturbed):
        assert phase["done"] > 0.5 * phase["offered"]
        assert phase["pick_up"]["p99"] >= phase["pick_up"]["p50"] > 0
        assert phase["wal"] > 0 and phase["size"] > 0 and phase["workers"] > 0 and phase["postgres"] > 0
        assert phase["claims"] >= 1
    # None of the dead rows can be removed: at least one for each of the two updates of each job.
    assert disturbed["dead_rows"] > disturbed["done"] * disturbed["seconds"]
    assert keys(environment) == []


@pytest.mark.long
def test_it_puts_others_under_the_same_pressure(child_environment: Environment):
    phases = ("--phases", "killed-workers")
    ran = bench(child_environment(), "--json", "--pressure", "--peers", "--minutes", "0.1", "--share", "0.1", *phases)
    assert ran.returncode == 0, ran.stderr
    sides = json.loads(ran.stdout)["sides"]
    assert [side["side"] for side in sides] == ["AskPro", "procrastinate", "pgqueuer", "awa"]
    for side in sides:
        assert [phase["phase"] for phase in side["phases"]] == ["clean", "killed-workers"]
        assert all(phase["done"] > 0.5 * phase["offered"] and phase["size"] > 0 for phase in side["phases"])


@pytest.mark.long
def test_it_runs_a_marathon_minute_by_minute(child_environment: Environment):
    ran = bench(child_environment(), "--json", "--pressure", "--marathon", "2000", "--share", "0.03")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["offer"] == 150
    assert len(found["minutes"]) > 3
    for minute in found["minutes"]:
        assert minute["done"] > 100
        assert minute["p99"] >= minute["p50"] > 0
    assert found["minutes"][-1]["size"] > found["minutes"][0]["size"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--pressure", "--phases", "brust"), "no phase ['brust']; there are clean, open-transaction"),
        (("--pressure", "--only", "jobs"), "--only is not for --pressure"),
        (("--pressure", "--marathon", "1000", "--minutes", "5"), "--marathon has no phases"),
        (("--minutes", "5"), "--minutes is for --pressure"),
        (("--pressure", "--minutes", "0.01"), "--minutes must be at least 0.05"),
        (("--console", "--only", "jobs"), "--console measures nothing else"),
        (("--keep",), "--keep is for --console"),
        (("--console", "--jobs", "5"), "--jobs must be at least 10000"),
    ],
)
def test_it_refuses_options_that_do_not_fit(child_environment: Environment, arguments: tuple[str, ...], says: str):
    ran = bench(child_environment(), *arguments)
    assert ran.returncode == 2
    assert says in ran.stderr


def test_it_says_what_to_do_when_the_peers_cannot_be_installed(child_environment: Environment, tmp_path: Path):
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "ASKPRO_HOME": str(tmp_path)}
    isolated = {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
    }
    ran = bench(child_environment(**nowhere, **isolated), "--quick", "--only", "send", "--peers")
    assert ran.returncode == 1
    assert "The peers cannot be installed" in ran.stderr
    assert "--peers needs PyPI once" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_it_refuses_to_run_twice_at_once(child_environment: Environment):
    name = f"{connection.settings_dict['NAME']}_bench"
    outside_a_transaction(f'CREATE DATABASE "{name}"')
    other = connection.copy()
    other.settings_dict = {**other.settings_dict, "NAME": name}
    try:
        other.ensure_connection()
        ran = bench(child_environment(), "--quick", "--only", "jobs")
    finally:
        other.close()
        outside_a_transaction(f'DROP DATABASE IF EXISTS "{name}"')
    assert ran.returncode == 1
    assert "another benchmark is running" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_it_says_what_it_needs_when_started_without_servers(child_environment: Environment):
    environment = {**child_environment(), "DATABASE_URL": ""}
    ran = bench(environment)
    assert ran.returncode == 1
    assert ran.stderr.strip().endswith("Start it as: python3 manage.py bench")
