"""A primary dies for good, its standby takes over, and the same `queues_run` goes on. Exit code 1 on any fault."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2

from askpro.dev.up import ports, process
from askpro.dev.up.home import Home
from askpro.dev.up.postgres import USER, PostgreSQL
from tests.queues.queues_run import QueuesRun, wait_until

# Seconds: of sending before and after; until somebody promotes the standby; in which all goes on, and in which it ends.
SENDING = 1.5
UNNOTICED = 1.0
GOES_ON = 20.0
ENDS = 30.0


class Pair:
    """A primary and its standby, which has whatever is committed."""

    def __init__(self, folder: Path) -> None:
        homes = Home(folder / "primary"), Home(folder / "standby")
        for home in homes:
            home.prepare()
        self.primary, self.standby = map(PostgreSQL, homes)
        self._password = homes[0].secret("database_password")
        # What is copied has the primary's password.
        shutil.copy(homes[0].path / "secrets.json", homes[1].path / "secrets.json")

    def start(self) -> None:
        self.primary.start()
        self._copy()
        self.standby.start()
        self.ask(self.primary, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.ask(self.primary, "SELECT pg_reload_conf()")

    def stop(self) -> None:
        self.standby.stop()
        self.primary.stop()

    @property
    def url(self) -> str:
        """Both, the standby first: whoever takes the first one cannot write."""
        login = urlsplit(self.primary.url()).netloc.rpartition("@")[0]
        hosts = f"{ports.HOST}:{self.standby.port},{ports.HOST}:{self.primary.port}"
        return f"postgres://{login}@{hosts}/postgres?target_session_attrs=read-write"

    def lose_the_primary(self) -> None:
        child = self.primary._child
        assert child is not None
        child.kill()
        child.wait()

    def promote(self) -> None:
        self.ask(self.standby, "SELECT pg_promote()")

    def ask(self, server: PostgreSQL, question: str) -> Any:
        with closing(psycopg2.connect(server.url("postgres"), connect_timeout=5)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(question)
                return cursor.fetchone() if cursor.description else None

    def _copy(self) -> None:
        target = self.standby.data
        target.mkdir(mode=0o700)
        user = process.NOBODY if os.geteuid() == 0 else None
        if user is not None:
            os.chown(target, user, user)
        where = ["-h", ports.HOST, "-p", str(self.primary.port), "-U", USER]
        # -R: the copy follows the primary, with the password of this one time.
        subprocess.run(
            [self.primary.binaries.bin / "pg_basebackup", "-D", target, "-R", "-X", "stream", "-c", "fast", *where],
            env={"PATH": os.defpath, "LC_ALL": "C", "PGPASSWORD": self._password},
            check=True,
            timeout=60,
            user=user,
            cwd="/",
        )


class Sender:
    """Sends jobs, and knows which of them it was told to be safe."""

    def __init__(self) -> None:
        self.safe: list[str] = []
        self.failed = 0

    def send(self, seconds: float) -> None:
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            self.send_one()
            time.sleep(0.005)

    def send_one(self) -> bool:
        from django.db import DatabaseError, connection

        from tests.queues import actors

        try:
            self.safe.append(actors.atomic_effect.send(len(self.safe) + self.failed).message_id)
        except DatabaseError:
            self.failed += 1
            # As after a request.
            connection.close_if_unusable_or_obsolete()
            return False
        return True


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="askpro-failover-"))
    folder.chmod(0o711)
    pair = Pair(folder)
    queues: QueuesRun | None = None
    try:
        pair.start()
        os.environ.update(DATABASE_URL=pair.url, REDIS_URL="", DJANGO_SETTINGS_MODULE="tests.queues.process_settings")
        _migrate()
        queues = QueuesRun(os.environ, folder / "queues.log", processes=2, threads=2).start()
        return _lose_the_primary(pair, queues)
    finally:
        if queues is not None:
            queues.stop()
        pair.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _migrate() -> None:
    import django
    from django.core.management import call_command
    from django.db import connection

    from tests import template

    django.setup()
    template.restore()
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE effect (name text, number integer)")


def _lose_the_primary(pair: Pair, queues: QueuesRun) -> int:
    workers, sender = set(queues.workers()), Sender()
    sender.send(SENDING)
    pair.lose_the_primary()
    began = time.monotonic()
    sender.send(UNNOTICED)
    pair.promote()
    goes_on = wait_until(sender.send_one, GOES_ON)
    print(f"writes went on {time.monotonic() - began:.1f} s after the primary was lost")
    sender.send(SENDING)
    rested = wait_until(lambda: not _unfinished(), ENDS)
    faults = [
        *([] if goes_on else ["nobody could write to the new primary"]),
        *([] if rested else [f"{_unfinished()} jobs did not end"]),
        *([] if set(queues.workers()) == workers else ["workers were replaced"]),
        *_wrong(sender.safe),
    ]
    print(f"{len(sender.safe)} jobs, {sender.failed} refused meanwhile; {'; '.join(faults) or 'no fault'}")
    if faults:
        print(queues.said()[-5000:])
    return bool(faults)


def _unfinished() -> int:
    from askpro.queues.models import Job

    return Job.objects.exclude(status__in=Job.FINAL).count()


def _wrong(safe: list[str]) -> list[str]:
    """What is missing of the jobs that were safe, and which effects did not happen just once."""
    from django.db import connection

    from askpro.queues.models import Job

    completed = {str(key) for key in Job.objects.filter(status="completed").values_list("pk", flat=True)}
    lost = [job for job in safe if job not in completed]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT number) FROM effect")
        effects, different = cursor.fetchone()
    return [
        *([f"{len(lost)} jobs are lost"] if lost else []),
        *([f"{effects} effects of {different} jobs"] if effects != different else []),
    ]


if __name__ == "__main__":
    sys.exit(main())
