"""One real cluster serves the whole file if one worker runs it; no test depends on another."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import psycopg2
import pytest

from askpro.dev.up import process
from askpro.dev.up.home import Home
from askpro.dev.up.postgres import PostgreSQL
from tests.dev.up.conftest import ROOT

pytestmark = pytest.mark.xdist_group("local-postgres")


@pytest.fixture
def postgres(home: Home) -> Iterator[PostgreSQL]:
    server = PostgreSQL(home)
    server.start()
    yield server
    server.stop()


def ask(server: PostgreSQL, query: str) -> str:
    connection = psycopg2.connect(server.url("postgres"), connect_timeout=5)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(query)
            return str(cursor.fetchone()[0]) if cursor.description else ""
    finally:
        connection.close()


def postmaster(server: PostgreSQL) -> psutil.Process:
    return psutil.Process(int((server.data / "postmaster.pid").read_text(encoding="utf-8").split()[0]))


def test_it_serves_durably_with_a_password_and_never_as_root(postgres: PostgreSQL) -> None:
    assert ask(postgres, "SHOW fsync") == "on"
    assert ask(postgres, "SHOW max_connections") == "300"
    assert ask(postgres, "SHOW server_encoding") == "UTF8"
    assert ask(postgres, "SELECT upper('ü')") == "Ü"
    assert postmaster(postgres).uids().effective == (process.NOBODY if os.geteuid() == 0 else os.geteuid())
    assert postgres.data.name.endswith(ask(postgres, "SHOW server_version").split(".")[0])
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(postgres.url().replace(":", ":wrong", 2).replace("postgres:wrong", "postgres:"))


def test_it_attaches_to_a_server_that_still_serves(postgres: PostgreSQL, home: Home) -> None:
    second = PostgreSQL(home)
    second.start()

    assert second.port == postgres.port
    assert second.is_alive()
    second.stop()
    assert not postgres.is_alive()


def test_it_keeps_data_and_port_when_it_starts_again(postgres: PostgreSQL, home: Home) -> None:
    ask(postgres, "CREATE TABLE kept AS SELECT 42 AS answer")
    port = postgres.port
    postgres.stop()

    postgres.start()

    assert postgres.port == port
    assert ask(postgres, "SELECT answer FROM kept") == "42"


def test_it_recovers_when_the_server_was_killed(postgres: PostgreSQL) -> None:
    ask(postgres, "CREATE TABLE survived AS SELECT 42 AS answer")
    postmaster(postgres).kill()
    assert process.wait_until(lambda: not postgres.is_alive(), 5)

    postgres.start()

    assert ask(postgres, "SELECT answer FROM survived") == "42"


def test_it_is_not_stopped_by_a_process_id_that_somebody_else_has_now(postgres: PostgreSQL) -> None:
    lines = (postgres.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    postgres.stop()
    (postgres.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]), encoding="utf-8")

    postgres.start()

    assert ask(postgres, "SELECT 1") == "1"


def test_it_stops_with_its_owner_and_comes_back_after_kill_9(home: Home) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from askpro.dev.up.home import Home\n"
        "from askpro.dev.up.postgres import PostgreSQL\n"
        "server = PostgreSQL(Home(Path(sys.argv[1]))); server.start()\n"
        "print(server.port, flush=True); time.sleep(60)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", script, str(home.path)], cwd=ROOT, stdout=subprocess.PIPE)
    assert owner.stdout is not None
    assert owner.stdout.readline().strip().isdigit()
    server = PostgreSQL(home)
    pid = postmaster(server).pid

    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    server.start()

    assert ask(server, "SELECT 1") == "1"
    if sys.platform == "linux":
        assert postmaster(server).pid != pid
    server.stop()


def test_it_finishes_a_cluster_whose_making_was_killed(home: Home) -> None:
    server = PostgreSQL(home)
    shutil.rmtree(server.data, ignore_errors=True)
    unfinished = server.data.with_name(server.data.name + ".new")
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18", encoding="utf-8")

    server.start()

    assert ask(server, "SELECT 1") == "1"
    server.stop()
