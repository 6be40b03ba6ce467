"""A PostgreSQL of this checkout's own: made, started, attached to and stopped."""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg2

from askpro.dev.up import ports, process
from askpro.dev.up.failure import Failure
from askpro.dev.up.home import Home
from askpro.dev.up.postgres_binaries import Binaries, find, readable_copy

USER = "askpro"
START_SECONDS = 60.0  # after a crash it first replays its log
SETTINGS = {
    "max_connections": "300",
    "fsync": "on",
    "timezone": "UTC",
    "unix_socket_directories": "",  # a socket's path may be 107 bytes long, a checkout's may be longer
    "listen_addresses": ports.HOST,
}


class PostgreSQL:
    """One cluster below a home. Under root it runs as the user 65534, because `postgres` refuses root."""

    name = "postgres"

    def __init__(self, home: Home) -> None:
        self._home = home
        self._user = process.NOBODY if os.geteuid() == 0 else None
        self._folder = _folder_for(home, self._user)
        self._binaries: Binaries | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._pid: int | None = None  # a server that an earlier owner left behind
        self.port = 0

    @property
    def binaries(self) -> Binaries:
        if self._binaries is None:
            found = find()
            self._binaries = readable_copy(found, self._folder) if self._user is not None else found
        return self._binaries

    @property
    def data(self) -> Path:
        """The cluster; the major version is in its name, since another one cannot read it."""
        return self._folder / f"postgres-{self.binaries.major}"

    @property
    def log(self) -> Path:
        return self._home.logs / "postgres.log"

    def url(self, database: str = "askpro") -> str:
        return f"postgres://{USER}:{self._password()}@{ports.HOST}:{self.port}/{database}"

    def start(self) -> None:
        """Attach to a server that already serves the cluster, else start one. A Failure shows the log's end."""
        if self._attach():
            return
        if not self.data.is_dir():
            self._create()
        self._clear_stale_lock()
        limit = time.monotonic() + START_SECONDS
        while not self._launch(limit):
            if time.monotonic() > limit:
                raise Failure(f"PostgreSQL does not start. The end of {self.log}:\n{_tail(self.log)}")
            time.sleep(0.3)
        self._home.remember(postgres_port=self.port)

    def is_alive(self) -> bool:
        if self._child is not None:
            return self._child.poll() is None
        return self._pid is not None and process.is_serving(self._pid, self.data)

    def stop(self) -> None:
        """A fast shutdown: sessions are ended, everything is on disk."""
        pid = self._child.pid if self._child is not None and self._child.poll() is None else self._pid
        if pid is not None and process.is_serving(pid, self.data):
            process.end(pid, (signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0))
        self._child = self._pid = None

    def _attach(self) -> bool:
        """Whether a server that an earlier owner left serves the data; if it is stopping, wait until it has stopped."""
        limit = time.monotonic() + 20
        while running := self._running():
            pid, port, status = running
            self.port = port
            if status == "ready" and self._answers():
                self._pid = pid
                return True
            if time.monotonic() > limit:
                process.end(pid, (signal.SIGINT, 5.0), (signal.SIGQUIT, 5.0))
            time.sleep(0.1)
        return False

    def _running(self) -> tuple[int, int, str] | None:
        """Process id, port and status of the live postmaster of our data, from its postmaster.pid."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            pid, port = int(lines[0]), int(lines[3])
        except (OSError, ValueError, IndexError):
            return None
        status = lines[7].strip() if len(lines) > 7 else "starting"
        return (pid, port, status) if process.is_serving(pid, self.data) else None

    def _clear_stale_lock(self) -> None:
        """After a reboot another process may have the old process id, and PostgreSQL would refuse to start."""
        if self._running() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _create(self) -> None:
        """initdb beside the final place, then one rename: a killed set-up leaves no half cluster."""
        unfinished = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        password = self._folder / "password.new"
        password.unlink(missing_ok=True)
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self._password())
        locale = ["--locale=C.UTF-8"]
        if self.binaries.major >= 17:
            locale = ["--locale-provider=builtin", *locale]
        argv: list[str | Path] = [
            self.binaries.bin / "initdb",
            "-D",
            unfinished,
            "-U",
            USER,
            "--auth=scram-sha-256",
            f"--pwfile={password}",
        ]
        try:
            unfinished.mkdir(mode=0o700)
            if self._user is not None:
                for path in (password, unfinished):
                    os.chown(path, self._user, self._user)
            with self.log.open("ab") as log:
                child = process.spawn(
                    [*argv, "--encoding=UTF8", *locale],
                    env=_env(),
                    output=log,
                    user=self._user,
                    cwd=Path("/"),
                )
            if child.wait():
                raise Failure(f"initdb failed. The end of {self.log}:\n{_tail(self.log)}")
        finally:
            password.unlink(missing_ok=True)
        unfinished.rename(self.data)

    def _launch(self, limit: float) -> bool:
        """Start the server and wait until it answers; False when it ended (port taken, remains of a crash)."""
        self.port = ports.choose(self._home.recall("postgres_port"))
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self._child = process.spawn(
                [self.binaries.bin / "postgres", "-D", self.data, "-p", str(self.port), *settings],
                env=_env(),
                output=log,
                farewell=signal.SIGINT,
                user=self._user,
                cwd=Path("/"),
            )
        while self._child.poll() is None and time.monotonic() < limit:
            if self._answers():
                return True
            time.sleep(0.05)
        return False

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg2.Error:
            return False
        return True

    def _password(self) -> str:
        return self._home.secret("database_password")


def _folder_for(home: Home, user: int | None) -> Path:
    """The home itself, unless PostgreSQL's user cannot reach it because of a closed folder such as /root."""
    if user is None or all(folder.stat().st_mode & 0o001 for folder in (home.path, *home.path.parents)):
        return home.path
    key = hashlib.sha256(str(home.path).encode()).hexdigest()[:12]
    # Not below /tmp or /var/tmp: there systemd deletes files that were not read for some weeks.
    folder = Path("/var/lib") / f"askpro-{key}"
    try:
        folder.mkdir(mode=0o711, exist_ok=True)
        folder.chmod(0o711)
    except OSError as error:
        raise Failure(
            f"PostgreSQL's user cannot enter {home.path}, and {folder} cannot be made ({error.strerror}).",
            "Set ASKPRO_HOME to a folder that every user may enter, for example /srv/askpro.",
        ) from error
    return folder


def _env() -> dict[str, str]:
    """Almost empty: PGDATA, PGPORT or LC_ALL of the person at the terminal must not reach the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _tail(log: Path, lines: int = 12) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
