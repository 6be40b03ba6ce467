import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from askpro.dev.up.home import Home

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """A home that PostgreSQL's user may enter; pytest's own temporary folders are closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="askpro-test-"))
    made = Home(folder)
    made.prepare()
    yield made
    shutil.rmtree(folder)
