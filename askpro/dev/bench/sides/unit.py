"""The web as systemd starts it: by the line of its unit, on a port of ours, behind nginx."""

import shlex
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from askpro.dev.bench.sides.program import ROOT, Program
from askpro.dev.front import nginx
from askpro.dev.front.nginx import Front
from askpro.dev.up import ports
from askpro.dev.up.procfile import status

UNIT = ROOT / "deploy" / "systemd" / "askpro-web.service"


class WebOfUnit:
    """gunicorn, and nginx before it, until the exit stack is closed. `name` is the site's."""

    def __init__(self, folder: Path, stack: ExitStack, env: Mapping[str, str], name: str = nginx.NAME) -> None:
        self._port = ports.choose()
        home = folder / "nginx"
        home.mkdir()
        self.front: Front = stack.enter_context(nginx.running(f"127.0.0.1:{self._port}", home, name))
        self.certificate = home / "certificate.pem"
        self.url = f"https://{name}:{self.front.https}"
        own = {"ALLOWED_HOSTS": f"{name},127.0.0.1", "ASKPRO_PUBLIC_URL": self.url}
        self.program = Program("web-of-unit", _argv(self._port), folder, {**env, **own})
        stack.callback(self.program.stop)

    def wait(self) -> None:
        self.program.wait(lambda: status(self._port, "/health/live") == 200)


def _argv(port: int) -> list[str]:
    line = next(line for line in UNIT.read_text().splitlines() if line.startswith("ExecStart="))
    _, *options = shlex.split(line.partition("=")[2])
    options[options.index("--bind") + 1] = f"127.0.0.1:{port}"
    return [sys.executable, "-m", "gunicorn", *options]
