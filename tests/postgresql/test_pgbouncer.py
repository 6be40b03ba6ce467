"""The web behind PgBouncer, which lends a session for one transaction: all works, and nothing stays in a session."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from askpro.dev.up import ports, process
from askpro.health import ready, verdict
from askpro.metrics.exposition.reading import Reading
from askpro.queues.jobs.actor import send_many
from askpro.queues.ledger.database import EngineConnection
from tests.console import copied
from tests.console.test_export import days, text_of
from tests.queues import actors

FOUND = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
SESSIONS = 3
CONFIGURATION = """
[databases]
* = host={HOST} port={PORT} user={USER} password={PASSWORD}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {sessions}
"""
# What a session had been left with, if any of ours had set or prepared something in it.
LEFT = """
SELECT current_setting('enable_seqscan'), current_setting('statement_timeout'), current_setting('lock_timeout'),
       (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors WHERE is_holdable)
"""

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not FOUND, reason="pgbouncer is not installed: apt-get install -y pgbouncer"),
]


@pytest.fixture
def bouncer(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[int]:
    """This process reaches its database through PgBouncer."""
    port = ports.choose()
    # Not below pytest's folder, which PgBouncer's user could not enter.
    folder = Path(tempfile.mkdtemp(prefix="askpro-pgbouncer-"))
    folder.chmod(0o755)
    path = folder / "pgbouncer.ini"
    path.write_text(CONFIGURATION.format(**connection.settings_dict, port=port, sessions=SESSIONS))
    path.chmod(0o644)
    user = process.NOBODY if os.geteuid() == 0 else None
    started = subprocess.Popen([str(FOUND), "-q", str(path)], user=user, stdout=subprocess.DEVNULL)
    connection.close()
    for name, value in {"HOST": "127.0.0.1", "PORT": str(port), "DISABLE_SERVER_SIDE_CURSORS": True}.items():
        monkeypatch.setitem(connection.settings_dict, name, value)
    settings.DATABASE_POOLED = True
    for module in (ready, verdict):
        monkeypatch.setattr(module, "_database", EngineConnection())
    assert process.wait_until(answers, 10), "PgBouncer does not answer"
    yield port
    for module in (ready, verdict):
        module._database.close()
    connection.close()
    started.terminate()
    started.wait(10)
    shutil.rmtree(folder)


def answers() -> bool:
    try:
        connection.ensure_connection()
    except DatabaseError:
        return False
    return True


def left_in_sessions() -> set[tuple[Any, ...]]:
    """What each session of PgBouncer has been left with: all are lent at once."""
    with ExitStack() as stack:
        told = set()
        for _ in range(SESSIONS):
            parameters = {k: v for k, v in connection.get_connection_params().items() if not k.endswith("_factory")}
            opened = stack.enter_context(closing(psycopg2.connect(**parameters)))
            with opened.cursor() as cursor:
                cursor.execute(LEFT)
                told.add(cursor.fetchone())
        return told


def test_the_web_works_and_leaves_nothing_behind(bouncer: int, admin_client: Client) -> None:
    with transaction.atomic():
        copied.world()
    for page in ("/admin/", reverse("admin:queue_board"), "/admin/calls/call/", "/health/ready", "/health/queues"):
        answer = admin_client.get(page, follow=True)
        assert answer.status_code in (200, 503), page
        assert page != "/health/ready" or answer.json()["checks"]["database"] == "ok"
    # More rows than are fetched at once, while other transactions use the sessions.
    sheet = admin_client.post("/admin/queues/job/export/", days("json"))
    assert text_of(sheet)
    with transaction.atomic():
        sent = actors.nothing.send()
    send_many([actors.nothing.message(number) for number in range(50)])
    assert sent.message_id

    assert left_in_sessions() == {("on", "0", "0", 0, 0)}


def test_the_engine_has_its_settings_for_its_own_statement(bouncer: int) -> None:
    database = EngineConnection(statement_timeout=700)
    try:
        assert database.rows("SELECT current_setting('enable_seqscan'), current_setting('statement_timeout')") == [
            ("off", "700ms")
        ]
    finally:
        database.close()
    assert left_in_sessions() == {("on", "0", "0", 0, 0)}


def test_metrics_are_read(bouncer: int) -> None:
    reading = Reading()
    reading.look()
    assert reading.answers and len([*reading.families()]) > 3
    reading.close()
    assert left_in_sessions() == {("on", "0", "0", 0, 0)}


def test_queues_run_refuses_it(bouncer: int) -> None:
    with pytest.raises(CommandError, match="pool_mode = session"):
        call_command("queues_run")
