"""Every job that is sent by name exists, in every process."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dramatiq.errors import ActorNotFound

from askpro.by_name import job
from notifications.sending import JOBS
from notifications.tasks import FOR_MESSAGES

ROOT = Path(__file__).parents[1]
APPS = ("calls", "appointments", "notifications", "webhooks")
LOADED = "import django; django.setup(); from askpro.by_name import job; print(job({name!r}).actor_name)"


def written_out() -> Iterator[str]:
    """The names in `job("…")`, in all apps."""
    for path in (path for app in APPS for path in (ROOT / app).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "job":
                yield from (argument.value for argument in node.args if isinstance(argument, ast.Constant))


def test_every_name_that_is_written_out_is_a_jobs() -> None:
    names = [*written_out(), *JOBS.values(), FOR_MESSAGES]
    assert {"cancel_surplus_bookings", "send_sms_notification"} <= {*names}
    assert [job(name).actor_name for name in names] == names


def test_it_says_so_when_there_is_none() -> None:
    with pytest.raises(ActorNotFound):
        job("no_such_job")


def test_a_process_that_only_starts_django_knows_them() -> None:
    command = [sys.executable, "-c", LOADED.format(name="cancel_surplus_bookings")]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["cancel_surplus_bookings"]
