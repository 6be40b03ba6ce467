"""A process looks for garbage rarely from its beginning, before it loads the code."""

import gc
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from askpro import command_line, sentry
from askpro.garbage import EVERY


@pytest.fixture(autouse=True)
def looked() -> Iterator[list[int]]:
    """How rarely it looked when it began to load."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield []
    gc.set_threshold(*before)


def test_a_command_does(looked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "execute_from_command_line", lambda argv: looked.append(gc.get_threshold()[0]))
    command_line.run(["manage.py", "queues_run"])
    assert looked == [EVERY]


def test_a_web_server_does(looked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.core.wsgi.get_wsgi_application", lambda: looked.append(gc.get_threshold()[0]))
    monkeypatch.setattr(sentry, "start", lambda: None)
    runpy.run_path(str(Path(command_line.__file__).with_name("wsgi.py")))
    assert looked == [EVERY]
