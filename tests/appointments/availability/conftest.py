from collections.abc import Iterator
from typing import Any

import pytest

from appointments.availability import shelf as shelves
from appointments.availability.shelf import shelf
from askpro.queues.ledger import hints


@pytest.fixture
def new_shelf(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A shelf by the settings of this test, before and after it, that gives up on no Redis of a busy machine."""
    monkeypatch.setattr(shelves, "REDIS_TIMEOUT", 5.0)
    monkeypatch.setattr(hints, "PUSH_TIMEOUT", 5.0)
    shelf.cache_clear()
    yield
    shelf.cache_clear()


@pytest.fixture(params=["redis", "memory"])
def each_store(request: pytest.FixtureRequest, settings: Any, new_shelf: None) -> str:
    """Once with Redis, once without."""
    if request.param == "memory":
        settings.REDIS_URL = ""
    elif not settings.REDIS_URL:
        pytest.skip("there is no Redis")
    return str(request.param)
