"""A forked child: what its parent had written stays written once."""

import logging
import os
import sys
from logging.handlers import MemoryHandler
from pathlib import Path

import pytest

from askpro.queues.processes.fork import fork

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_what_is_buffered_before_a_fork_is_written_once(stream, tmp_path, monkeypatch):
    with (tmp_path / "written").open("w") as buffered:
        monkeypatch.setattr(sys, stream, buffered)
        buffered.write("Working")
        for _ in range(2):
            os.waitpid(fork(lambda: None), 0)
    assert (tmp_path / "written").read_text() == "Working"


def test_a_record_that_a_handler_keeps_is_written_once(tmp_path, monkeypatch):
    handler = MemoryHandler(10, target=_Writing(tmp_path / "written"))
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    logging.getLogger().error("once")
    os.waitpid(fork(handler.flush), 0)
    handler.close()
    assert (tmp_path / "written").read_text() == "once\n"


class _Writing(logging.Handler):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def emit(self, record: logging.LogRecord) -> None:
        with self._path.open("a") as file:
            file.write(record.getMessage() + "\n")
