"""A backup as deploy/ makes it, restored into an empty database: whoever was erased since stays erased."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from askpro.dev.up.postgres_binaries import find
from askpro.dev.up.servers import create_database
from tests.appointments.salon import branch, call, company, customer, request, service

ROOT = Path(__file__).resolve().parents[2]
ERASED, KEPT = "+4915550100456", "+4915550100777"
Environment = Callable[..., dict[str, str]]


def run(env: dict[str, str], *command: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


def ran(env: dict[str, str], *command: str | Path) -> str:
    done = run(env, *command)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def env(child_environment: Environment, tmp_path: Path) -> dict[str, str]:
    key = tmp_path / "key"
    key.write_text("a passphrase of this test", "utf-8")
    path = f"{find().bin}{os.pathsep}{os.environ['PATH']}"
    return child_environment(PATH=path, ASKPRO_PYTHON=sys.executable, BACKUP_KEY_FILE=str(key))


@pytest.mark.django_db(transaction=True)
def test_a_restore_has_every_row_and_erases_again(env: dict[str, str], tmp_path: Path) -> None:
    at = branch(company())
    service(at.company)
    for number in (ERASED, KEPT):
        request(call(at, customer(at.company, number), f"call_of_{number}", from_number=number))
    folder = tmp_path / "backups"
    file = Path(ran(env, "deploy/backup.sh", folder).split()[-1])
    assert file.suffix == ".enc" and b"PGDMP" not in file.read_bytes()

    ran(env, sys.executable, "manage.py", "erase_person", "--company", at.company.slug, "--number", ERASED)
    ran(env, sys.executable, "manage.py", "erase_person", "--list", tmp_path / "list")
    (tmp_path / "list").replace(folder / "erasures.json")
    url = urlsplit(env["DATABASE_URL"])
    empty = url._replace(path=f"{url.path}_restored").geturl()
    create_database(empty)
    there = {**env, "DATABASE_URL": empty}
    try:
        assert "1 erased again." in ran(there, "deploy/restore.sh", file)
        with closing(psycopg2.connect(empty)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT phone FROM calls_customer WHERE erased_at IS NULL")
            assert cursor.fetchall() == [(KEPT,)]
            cursor.execute("SELECT (SELECT count(*) FROM calls_call), (SELECT count(*) FROM calls_bookingrequest)")
            assert cursor.fetchone() == (2, 2)
        again = run(there, "deploy/restore.sh", file)
        assert again.returncode == 2 and "Drop it" in again.stderr
    finally:
        with closing(psycopg2.connect(env["DATABASE_URL"])) as connection:
            connection.autocommit = True
            connection.cursor().execute(f'DROP DATABASE "{urlsplit(empty).path[1:]}" WITH (FORCE)')


def test_a_backup_that_fails_leaves_no_file(env: dict[str, str], tmp_path: Path) -> None:
    url = urlsplit(env["DATABASE_URL"])._replace(path="/absent").geturl()
    assert run({**env, "DATABASE_URL": url}, "deploy/backup.sh", tmp_path / "backups").returncode != 0
    assert not [*(tmp_path / "backups").iterdir()]
