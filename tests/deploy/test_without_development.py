"""An installation that leaves askpro/dev out, with production's settings."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import get_commands

from askpro.command_line import DEVELOPMENT
from askpro.dev.up.dispatch import REQUIREMENTS
from tests.deploy.env_files import by_systemd

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "dev", "tests", "docs", "__pycache__")
# No module needs the missing folder, not even one that is imported while the program runs.
IMPORT_EVERYTHING = """\
import importlib, pkgutil, sys, django
django.setup()
for name in ("askpro", "webhooks", "calls", "appointments", "notifications"):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(module.name)
print(*(module.__file__ for name, module in sorted(sys.modules.items()) if name.startswith("askpro.")), sep="\\n")
"""
ASK = """\
import sys, django
django.setup()
from django.test import Client
client = Client(headers={"host": "askpro.example", "x-forwarded-proto": "https"})
print(*(client.get(path).status_code for path in sys.argv[1:]))
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("opt") / "askpro"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    assert not (copy / "askpro/dev").exists()
    return copy


@pytest.fixture
def run(installation: Path, tmp_path: Path, child_environment: Callable[..., dict[str, str]]) -> Run:
    """A Python in the installation, with deploy/env.example's variables filled in, on the test's database."""
    own = {name: value for name, value in child_environment().items() if name in ("DATABASE_URL", "REDIS_URL")}
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    filled = {"SECRET_KEY": "k" * 30 + "0123456789" * 3, "DATA_KEYS": "5a" * 32, "OPS_EMAILS": "ops@askpro.example"}
    env = {**kept, **by_systemd(ROOT / "deploy/env.example"), **filled, **own, "ASKPRO_HOME": str(tmp_path)}

    def in_production(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=installation, env={**env, **more}, capture_output=True, text=True, timeout=120
        )

    return in_production


@pytest.mark.django_db
class TestWithoutTheFolder:
    def test_its_configuration_passes_the_check_before_production(self, run: Run) -> None:
        done = run("manage.py", "check", "--deploy", "--database", "default")
        assert done.returncode == 0, done.stderr

    def test_its_migrations_are_those_of_the_checkout(self, run: Run) -> None:
        done = run("manage.py", "migrate", "--plan")
        assert "No planned migration operations." in done.stdout, done.stderr
        assert run("manage.py", "makemigrations", "--check", "--dry-run").returncode == 0

    def test_every_module_is_imported_from_there(self, run: Run, installation: Path) -> None:
        done = run("-c", IMPORT_EVERYTHING, DJANGO_SETTINGS_MODULE="askpro.settings")
        assert done.returncode == 0, done.stderr
        files = done.stdout.splitlines()
        assert len(files) > 100
        assert all(Path(file).is_relative_to(installation) for file in files)

    def test_its_pages_answer(self, run: Run) -> None:
        paths = ("/health/live", "/admin/login/", "/api/v1/schema/", "/webhooks/retell/", "/nothing")
        done = run("-c", ASK, *paths, DJANGO_SETTINGS_MODULE="askpro.settings")
        assert done.stdout.split() == ["200", "200", "200", "405", "404"], done.stderr

    def test_it_has_the_products_commands_and_no_others(self, run: Run) -> None:
        done = run("manage.py", "help", "--commands")
        assert set(done.stdout.split()) == set(get_commands()) - set(DEVELOPMENT) | {"test"}, done.stderr

    @pytest.mark.parametrize("command", ["up", "test", "demo_call"])
    def test_a_command_of_development_says_that_it_is_one(self, run: Run, command: str) -> None:
        done = run("manage.py", command)
        assert done.returncode == 1
        assert f"manage.py {command} belongs to development" in done.stderr
        assert "Traceback" not in done.stderr
        assert run("manage.py", "help", command).stderr == done.stderr

    @pytest.mark.parametrize("environment", ["local", "testing"])
    def test_it_runs_in_the_environments_of_development_too(self, run: Run, environment: str) -> None:
        done = run("manage.py", "check", ASKPRO_ENV=environment)
        assert done.returncode == 0, done.stderr


def test_it_knows_every_command_of_development() -> None:
    found = {path.stem for path in (ROOT / "askpro/dev").glob("*/management/commands/[a-z]*.py")}
    assert set(DEVELOPMENT) == found | set(REQUIREMENTS)


class TestWithTheFolder:
    @pytest.mark.parametrize(("environment", "apps"), [("production", 0), ("staging", 0), ("local", 2), ("testing", 2)])
    def test_only_development_installs_its_apps(self, environment: str, apps: int) -> None:
        env = {"PATH": os.environ["PATH"], "ASKPRO_ENV": environment, "SECRET_KEY": "k" * 50}
        program = "from askpro.settings import INSTALLED_APPS; print(*INSTALLED_APPS)"
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout.count("askpro.dev.") == apps
