"""A recorder of its own for each test, which writes when the test says so; and scrapes that read anew each time."""

from collections.abc import Iterator

import pytest

from askpro.health.shared import Shared
from askpro.metrics import recorder
from askpro.metrics.exposition import scrape
from askpro.metrics.exposition.reading import Reading
from askpro.metrics.recorder import Recorder


@pytest.fixture
def noting(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """The process's recorder, empty."""
    own = Recorder()
    monkeypatch.setattr(recorder, "_recorder", own)
    return own


@pytest.fixture
def scraping(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reading]:
    """A web process that has told nothing yet, and reads anew each time."""
    reading = Reading(fresh=0.0, patience=10.0)
    monkeypatch.setattr(scrape, "READING", reading)
    monkeypatch.setattr(scrape, "REDIS", Shared(scrape._ask_redis, 0.0, 2.0))
    yield reading
    reading.close()
