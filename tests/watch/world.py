"""The watch for real: a PostgreSQL and a Valkey of its own, stand-ins for the vendors and the channels, `queues_run`,
and `manage.py watch` of several hosts. Everything can be stopped, frozen and killed. Times of conditions are short."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg2
from django.conf import settings
from django.db import connection

from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import environment as vendors_environment
from askpro.dev.sandbox.slack import HOOK
from askpro.dev.sandbox.testing import running_sandbox
from askpro.dev.up import procfile
from askpro.dev.up.home import Home
from askpro.dev.up.postgres import PostgreSQL
from askpro.dev.up.process import spawn, wait_until
from askpro.dev.up.servers import create_database
from askpro.dev.up.valkey import Valkey
from tests import template
from tests.scenarios.processes import Queues

ROOT = Path(__file__).resolve().parents[2]
OPS = "ops@askpro.example"
CHIEF = "chief@askpro.example"
MOBILE = "+4915112345678"
# All times of conditions are this part of what they are in production.
PACE = 0.04
THRESHOLDS = {
    "postgres_away.seconds": 0.5,
    "redis_away.seconds": 0.5,
    "watcher_missing.seconds": 3,
    # For how many minutes what happened once is so.
    "dead_jobs.minutes": 0.1,
    "dead_jobs_pressing.minutes": 0.1,
    "supervisor_dead.minutes": 0.1,
    "worker_stuck.minutes": 0.1,
}
# What is late by so many seconds is a failure: a busy machine is slow, and its processes wait for each other.
SPARE = 60.0


@dataclass(frozen=True)
class Told:
    """One post to Slack."""

    kind: str
    codes: tuple[str, ...]
    subject: str
    text: str


class Watch:
    """`manage.py watch` as one host runs it."""

    def __init__(self, world: "World", host: str, **environment: str) -> None:
        self.host = host
        self.home = world.home.path / host
        self.log = world.home.logs / f"watch-{host}.log"
        own = {"ASKPRO_HOST": host, "ASKPRO_HOME": str(self.home)}
        self._environment = {**world.environment, **own, **environment}
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> "Watch":
        self.home.mkdir(exist_ok=True)
        beat = self.home / "watch" / "beat"
        beat.unlink(missing_ok=True)
        with self.log.open("ab") as output:
            self._child = spawn(
                procfile.manage("watch"), env=self._environment, output=output, farewell=signal.SIGKILL, cwd=ROOT
            )
        assert wait_until(beat.exists, 2 * SPARE, pause=0.05), f"watch did not start:\n{self.said()}"
        return self

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def send_signal(self, number: signal.Signals) -> None:
        os.killpg(self.pid, number)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As systemd stops it."""
        self._end(signal.SIGTERM)

    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def said(self) -> str:
        return self.log.read_text("utf-8", errors="replace")

    def _end(self, number: signal.Signals) -> None:
        if self._child is not None and self.is_running():
            self.send_signal(signal.SIGCONT)
            self.send_signal(number)
            self._child.wait(20)


class World:
    """Lives inside `with`. Django's connection leads to its PostgreSQL meanwhile, and REDIS_URL to its Valkey."""

    def __init__(self) -> None:
        # Not below pytest's folder, which PostgreSQL's user could not enter.
        self.home = Home(Path(tempfile.mkdtemp(prefix="askpro-watch-")))
        self.home.prepare()
        self.postgres = PostgreSQL(self.home)
        self.valkey = Valkey(self.home)
        self.vendors: SandboxClient
        self.queues: Queues
        self.watch: Watch
        self._watches: list[Watch] = []
        self.environment: dict[str, str] = {}
        self._undo = ExitStack()
        # How much each channel had told before the test.
        self._seen = self._mails = self._messages = 0

    def __enter__(self) -> "World":
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, self.home.path, ignore_errors=True)
            undo.callback(self.postgres.stop)
            self.postgres.start()
            undo.callback(self.valkey.stop)
            self.valkey.start()
            self.vendors = undo.enter_context(running_sandbox())
            self._fill()
            undo.enter_context(self._connected())
            undo.callback(self._thaw)
            self.environment = self._environment_of_processes()
            self.queues = Queues(self.environment, self.home.logs / "queues.log")
            undo.callback(self.queues.stop)
            self.queues.start(wait=False)
            self.watch = self.another_watch("alpha").start()
            undo.callback(lambda: self.watch.kill())
            self.queues.wait_for_workers()
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    # What was told.

    def told(self, code: str, within: float = SPARE, about: str = "", kind: str = "began") -> Told:
        """The first message about this condition since the test began; fails the test when none comes in time."""
        found: list[Told] = []

        def is_there() -> bool:
            found[:] = self.tellings(code, about, kind)
            return bool(found)

        assert wait_until(is_there, within, pause=0.05), (
            f"{code} was not told ({kind}) within {within:g} s; told were"
            f" {[each.subject for each in self.tellings()]}\n{self.said()}"
        )
        return found[0]

    def ended(self, code: str, within: float = SPARE, about: str = "") -> Told:
        """The first message that it is over."""
        return self.told(code, within, about, kind="over")

    def once(self, code: str, about: str = "") -> None:
        """It was told exactly once, and its end, too."""
        kinds = [each.kind for each in self.tellings(code, about)]
        assert (kinds.count("began"), kinds.count("over")) == (1, 1), f"{kinds}\n{self.said()}"

    def tellings(self, code: str = "", about: str = "", kind: str = "") -> list[Told]:
        """All posts since the test began, oldest first."""
        told = [_read(post["text"]) for post in self.vendors.posts()[self._seen :]]
        return [each for each in told if code in ("", *each.codes) and about in each.text and kind in ("", each.kind)]

    def said(self) -> str:
        """The end of each watcher's log."""
        return "\n".join(f"{each.host}:\n{each.said()[-3000:]}" for each in self._watches)

    def mails(self, to: str = "") -> list[dict[str, Any]]:
        """Those since the test began."""
        return [mail for mail in self.vendors.mails()[self._mails :] if not to or to in mail["to"]]

    def messages(self, to: str = "") -> list[dict[str, Any]]:
        """SMS since the test began."""
        return [sms for sms in self.vendors.messages()[self._messages :] if to in ("", sms["to"])]

    def begin(self) -> None:
        """What was told before counts no more."""
        self._seen = len(self.vendors.posts())
        self._mails, self._messages = len(self.vendors.mails()), len(self.vendors.messages())

    # What goes wrong.

    @contextmanager
    def without_postgres(self) -> Iterator[None]:
        """Killed, as by a power cut, and started again at the end."""
        child = self.postgres._child
        assert child is not None
        connection.close()
        child.kill()
        child.wait()
        try:
            yield
        finally:
            self.postgres.start()
            connection.close()

    @contextmanager
    def frozen_postgres(self) -> Iterator[None]:
        """Its connections stay open, and nobody answers: all its processes are stopped."""
        connection.close()
        group = self._postgres_processes()
        _signal(group, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(group, signal.SIGCONT)
            connection.close()

    @contextmanager
    def without_redis(self) -> Iterator[None]:
        child = self.valkey._child
        assert child is not None
        child.kill()
        child.wait()
        try:
            yield
        finally:
            self.valkey.start()

    @contextmanager
    def frozen_redis(self) -> Iterator[None]:
        child = self.valkey._child
        assert child is not None
        child.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            child.send_signal(signal.SIGCONT)

    @contextmanager
    def without_queues(self) -> Iterator[None]:
        """`queues_run` is killed with all its children."""
        self.queues.stop()
        try:
            yield
        finally:
            self.queues.start()

    def another_watch(self, host: str, **environment: str) -> Watch:
        self._watches.append(Watch(self, host, **environment))
        return self._watches[-1]

    def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """On a connection of its own, which a test may leave."""
        asked = psycopg2.connect(self.postgres.url("askpro"), connect_timeout=5)
        try:
            with asked, asked.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else []
        finally:
            asked.close()

    # How it is built.

    def _environment_of_processes(self) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "askpro.settings",
            "DATABASE_URL": self.postgres.url("askpro"),
            "REDIS_URL": self.valkey.url,
            "VENDOR_TIMEOUT": "2",
            "METRICS_FLUSH_SECONDS": "0.5",
            **vendors_environment(self.vendors.url, self.vendors.smtp_port),
            "ALERT_EMAILS": OPS,
            "ALERT_ESCALATION_EMAILS": CHIEF,
            "ALERT_SLACK_URL": f"{self.vendors.url}{HOOK}",
            "ALERT_SMS_TO": MOBILE,
            "ALERT_QUIET_HOURS": "",
            "ALERT_TIMEOUT": "2",
            "WATCH_DISKS": "",
            "WATCH_PACE": str(PACE),
            "WATCH_THRESHOLDS": json.dumps(THRESHOLDS),
        }

    def _fill(self) -> None:
        """The schema of the suite's database, which was migrated already, without its rows but Django's own."""
        create_database(self.postgres.url("askpro"))
        template.write(template.dumped(_url_of_suite()), self.postgres.url("askpro"))

    @contextmanager
    def _connected(self) -> Iterator[None]:
        values = psycopg2.extensions.parse_dsn(self.postgres.url("askpro"))
        own = {
            "HOST": values["host"],
            "PORT": values["port"],
            "USER": values["user"],
            "PASSWORD": values["password"],
            "NAME": values["dbname"],
        }
        before = {name: connection.settings_dict[name] for name in own}
        redis_before = settings.REDIS_URL
        connection.close()
        connection.settings_dict.update(own)
        settings.REDIS_URL = self.valkey.url
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict.update(before)
            settings.REDIS_URL = redis_before

    def _postgres_processes(self) -> list[int]:
        child = self.postgres._child
        assert child is not None
        return [child.pid, *(each.pid for each in psutil.Process(child.pid).children(recursive=True))]

    def _thaw(self) -> None:
        _signal(self._postgres_processes(), signal.SIGCONT)
        if self.valkey._child is not None:
            self.valkey._child.send_signal(signal.SIGCONT)


def _read(text: str) -> Told:
    subject = re.search(r"\*(.+?)\*", text)
    words = subject[1] if subject else ""
    kinds = {"over: ": "over", "still: ": "lasts", "worse: ": "grew", "not acknowledged: ": "escalated"}
    kind = next((kind for head, kind in kinds.items() if head in words), "began")
    return Told(kind, tuple(re.findall(r"runbook\.md#(\w+)", text)), words, text)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _url_of_suite() -> str:
    values: Mapping[str, Any] = connection.settings_dict
    return f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"
