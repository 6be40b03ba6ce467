"""A production installation in which a variable was forgotten."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from askpro.environment import Environment


def setting(name: str, environment: str, **more: str) -> str:
    """A setting's value in a process that has only the environment's name and a key."""
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "PYTHONPATH")}
    env = {**kept, "ASKPRO_ENV": environment, "SECRET_KEY": "x" * 50, **more}
    program = f"from askpro import settings; print(settings.{name})"
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("environment", "backend"),
    [("production", "askpro.smtp.EmailBackend"), ("testing", "django.core.mail.backends.console.EmailBackend")],
)
def test_it_never_writes_mails_into_the_log_of_production(environment: str, backend: str) -> None:
    assert setting("EMAIL_BACKEND", environment) == backend


def test_it_reads_the_file_that_is_named_and_prefers_what_is_set(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("LOG_LEVEL=ERROR\nOPS_EMAILS=ops@askpro.example\n", "utf-8")
    named = {"ASKPRO_ENV_FILE": str(tmp_path / "env"), "LOG_LEVEL": "DEBUG"}
    assert setting("OPS_EMAILS", "testing", **named) == "['ops@askpro.example']"
    assert setting("LOGGING['root']['level']", "testing", **named) == "DEBUG"


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ImproperlyConfigured, match=re.escape(f"ASKPRO_ENV_FILE ({path}) cannot be read")):
            Environment().read_file(str(path))


@pytest.mark.parametrize(
    ("url", "given", "prefix"),
    [
        ("redis://127.0.0.1:6379/0", "askpro", "askpro"),
        ("redis+cluster://127.0.0.1:6379", "askpro", "{askpro}"),
        ("rediss+cluster://127.0.0.1:6379", "{other}:askpro", "{other}:askpro"),
    ],
)
def test_all_keys_are_in_one_slot_of_a_cluster(url: str, given: str, prefix: str) -> None:
    assert setting("REDIS_KEY_PREFIX", "testing", REDIS_URL=url, REDIS_KEY_PREFIX=given) == prefix


NEXT_PROCESS = """
import os, subprocess, sys
from tests import settings
print(settings.REDIS_URL, flush=True)
if sys.argv[1:]:
    os.environ["PYTEST_XDIST_WORKER"] = sys.argv[1]
    subprocess.run([sys.executable, "-c", os.environ["NEXT_PROCESS"], *sys.argv[2:]], check=True)
"""


@pytest.mark.parametrize("worker", ["gw0", "gw1", "gw2"])
def test_each_worker_of_the_suite_has_a_redis_database_of_its_own(worker: str) -> None:
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "PYTHONPATH")}
    env = {**kept, "SECRET_KEY": "x" * 50, "REDIS_URL": "redis://127.0.0.1:1/3", "NEXT_PROCESS": NEXT_PROCESS}
    # pytest, its worker, a process of the worker's tests, and one that this process starts.
    program = [sys.executable, "-c", NEXT_PROCESS, worker, worker, worker]
    told = subprocess.run(program, env=env, capture_output=True, text=True, timeout=60, check=True).stdout.split()
    own = f"redis://127.0.0.1:1/{3 + 1 + int(worker[2:])}"
    assert told == ["redis://127.0.0.1:1/3", own, own, own]
