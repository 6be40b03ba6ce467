"""The processes of `manage.py up`, in the order in which they start; they stop in the opposite one."""

import http.client
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

MANAGE = Path(__file__).resolve().parents[3] / "manage.py"


@dataclass(frozen=True)
class Process:
    """One line of the table. `grace` is how many seconds it may take to stop before it is killed."""

    name: str
    color: str
    argv: tuple[str, ...]
    ready: Callable[[], bool] | None = None
    grace: float = 10.0


def table(env: Mapping[str, str], port: int) -> list[Process]:
    """The processes that run on this machine beside the two servers."""
    sandbox = int(env["SANDBOX_HTTP_PORT"])
    return [
        Process("sandbox", "magenta", manage("sandbox_run"), lambda: status(sandbox, "/sandbox/") == 200),
        Process("queues", "yellow", manage("queues_run"), grace=20.0),
        Process("watch", "blue", manage("watch")),
        Process("web", "cyan", _gunicorn(port), lambda: status(port, "/health/ready") == 200),
    ]


def manage(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, str(MANAGE), *arguments)


def status(port: int, path: str) -> int:
    """The status code of a GET on the loopback address; 0 without an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _gunicorn(port: int) -> tuple[str, ...]:
    options = {
        "--bind": f"127.0.0.1:{port}",
        "--worker-class": "gthread",
        "--workers": "2",
        "--threads": "28",
        "--graceful-timeout": "5",
        "--log-level": "warning",
        # gunicorn makes files of its own there, whose names nobody can guess.
        "--worker-tmp-dir": "/dev/shm" if Path("/dev/shm").is_dir() else "/tmp",  # noqa: S108
    }
    words = [word for pair in options.items() for word in pair]
    return (sys.executable, "-m", "gunicorn", "--no-control-socket", *words, "askpro.wsgi")
