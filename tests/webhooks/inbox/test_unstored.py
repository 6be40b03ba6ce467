"""Webhooks that were refused because the database was away are counted, and asked for as soon as it is back."""

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.db import OperationalError, connection

from appointments.tasks import sync_all_calcom_data
from askpro.queues.ledger import hints
from askpro.queues.models import Job
from askpro.queues.testing import assert_sent
from tests.webhooks.signing import post_calcom, post_retell, post_twilio, recorded
from webhooks.inbox import unstored
from webhooks.models import RefusedWebhook
from webhooks.tasks import sync_all_retell_calls

pytestmark = pytest.mark.django_db

ENDED = recorded("retell", "call_ended")
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def nothing_counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(unstored, "_breaker", hints.Breaker())
    unstored._taken()
    yield
    unstored._taken()


def refuse(*post: Any) -> None:
    with mock.patch.object(connection, "ensure_connection", side_effect=OperationalError("gone")):
        for send in post:
            assert send().status_code == 503


def counts() -> dict[str, int]:
    rows = RefusedWebhook.objects.filter(reason="not_stored")
    return dict(rows.values_list("provider", "count"))


def test_the_sweeper_counts_what_any_process_refused_and_asks_the_vendors() -> None:
    refuse(
        lambda: post_retell(ENDED),
        lambda: post_retell(ENDED),
        lambda: post_calcom(recorded("calcom", "PING")),
        lambda: post_twilio(recorded("twilio", "status_callback.sent")),
    )
    assert not unstored.are_waiting(), "they are in Redis, where the sweeper's process finds them"
    assert unstored.record() == 4
    assert counts() == {"retell": 2, "calcom": 1, "twilio": 1}
    assert_sent(sync_all_retell_calls, times=1)
    assert_sent(sync_all_calcom_data, times=1)
    assert unstored.record() == 0


def test_without_redis_the_door_counts_as_soon_as_it_stores_again(settings: Any) -> None:
    settings.REDIS_URL = NOWHERE
    refuse(lambda: post_retell(ENDED), lambda: post_retell(ENDED))
    assert unstored.are_waiting()
    assert post_retell(ENDED).status_code == 204
    assert counts() == {"retell": 2}
    assert_sent(sync_all_retell_calls, times=1)
    assert not unstored.are_waiting()


def test_an_installation_without_redis_counts_too(settings: Any) -> None:
    settings.REDIS_URL = ""
    refuse(lambda: post_retell(ENDED))
    assert post_retell(ENDED).status_code == 204
    assert counts() == {"retell": 1}


def test_the_event_is_stored_even_if_the_count_cannot_be_written(settings: Any) -> None:
    settings.REDIS_URL = ""
    refuse(lambda: post_retell(ENDED))
    with mock.patch.object(RefusedWebhook, "count_unstored", side_effect=OperationalError("gone again")):
        assert post_retell(ENDED).status_code == 204
    assert unstored.are_waiting() and Job.objects.filter(actor_name="process_retell_call_ended").exists()
    assert unstored.record() == 1


def test_the_count_stands_in_the_hour_of_the_refusal(clock_at_ten: Any) -> None:
    refuse(lambda: post_retell(ENDED))
    clock_at_ten.shift(3600)
    unstored.record()
    assert RefusedWebhook.objects.get().hour.hour == 10


@pytest.fixture
def clock_at_ten() -> Iterator[Any]:
    with time_machine.travel("2026-12-01T10:30:00+00:00", tick=False) as clock:
        yield clock


def test_nothing_of_a_refused_request_is_kept() -> None:
    refuse(lambda: post_retell(ENDED))
    client = unstored._client(unstored.settings.REDIS_URL)
    assert client is not None
    assert [name.decode().partition(" ")[0] for name in client.hkeys(unstored._key())] == ["retell"]
