"""The measured web servers: gunicorn with exactly the options of `manage.py up`."""

from pathlib import Path

from askpro.dev.bench.sides.program import Program
from askpro.dev.up import ports
from askpro.dev.up.procfile import status, table


class Web:
    """`settings` names the Django settings it runs with; any answer to `probe`, a path, means that it is up."""

    def __init__(self, name: str, folder: Path, settings: str, probe: str, **env: str) -> None:
        self.port = ports.choose()
        self._probe = probe
        argv = next(process.argv for process in table({"SANDBOX_HTTP_PORT": "0"}, self.port) if process.name == "web")
        self.program = Program(name, argv, folder, {"DJANGO_SETTINGS_MODULE": settings, **env})

    def wait(self) -> None:
        self.program.wait(lambda: status(self.port, self._probe) > 0)
