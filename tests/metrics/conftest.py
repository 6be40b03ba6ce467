"""A recorder of its own for each test, which writes when the test says so."""

import pytest

from askpro.metrics import recorder
from askpro.metrics.recorder import Recorder


@pytest.fixture
def noting(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """The process's recorder, empty."""
    own = Recorder()
    monkeypatch.setattr(recorder, "_recorder", own)
    return own
