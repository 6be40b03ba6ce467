"""PostgreSQL that takes no writes or has few connections left, and Redis that does not answer."""

import pytest
from django.db import connection
from django.test import override_settings

from tests.watch.conditions.finding import found

pytestmark = pytest.mark.django_db


def test_postgresql_takes_no_writes_as_soon_as_new_sessions_are_read_only() -> None:
    assert not found("postgres_read_only")
    parameters = {**connection.settings_dict["OPTIONS"], "options": "-c default_transaction_read_only=on"}
    try:
        connection.settings_dict["OPTIONS"], before = parameters, connection.settings_dict["OPTIONS"]
        (finding,) = found("postgres_read_only").values()
    finally:
        connection.settings_dict["OPTIONS"] = before
    assert finding.facts["words"] == "New sessions are read-only"


def test_connections_are_told_before_the_last_is_taken() -> None:
    assert not found("postgres_connections")
    with override_settings(WATCH_THRESHOLDS={"postgres_connections.percent": -1}):
        (finding,) = found("postgres_connections").values()
    assert 0 < finding.facts["used"] < finding.facts["most"]


@pytest.mark.parametrize(("url", "abouts"), [("", set()), ("redis://127.0.0.1:1/0", {"redis"})])
def test_redis_is_missed_only_where_one_is_configured(url: str, abouts: set[str]) -> None:
    assert not found("redis_away")
    with override_settings(REDIS_URL=url):
        assert set(found("redis_away")) == abouts
