"""A recorder of its own for each test, which writes when the test says so; and scrapes that read anew each time."""

import atexit
from collections.abc import Iterator

import pytest

from askpro.health.shared import Shared
from askpro.metrics import recorder
from askpro.metrics.exposition import scrape
from askpro.metrics.exposition.reading import Reading
from askpro.metrics.recorder import Recorder


@pytest.fixture
def noting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """The process's recorder, empty. The end of the test is its own: the database is gone at the end of the process."""
    own = Recorder()
    monkeypatch.setattr(recorder, "_recorder", own)
    yield own
    atexit.unregister(own.flush_at_the_end)


@pytest.fixture
def scraping(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reading]:
    """A web process that has told nothing yet, and reads anew each time."""
    reading = Reading(fresh=0.0, patience=10.0)
    monkeypatch.setattr(scrape, "READING", reading)
    monkeypatch.setattr(scrape, "REDIS", Shared(scrape._ask_redis, 0.0, 2.0))
    yield reading
    reading.close()
