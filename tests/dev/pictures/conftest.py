"""The week of the pictures, ending on the last Tuesday."""

import pytest

from askpro.dev.pictures.clock import last_tuesday
from askpro.dev.pictures.week.make import make_week
from askpro.dev.pictures.week.rows import Week


@pytest.fixture
def week(db: None) -> Week:
    return make_week(last_tuesday())
