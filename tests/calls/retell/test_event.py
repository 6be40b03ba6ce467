from datetime import UTC, datetime
from typing import Any

import pytest

from calls.retell.event import CHATS, FUNCTION, HAPPENED, IGNORED, INBOUND, TRANSFERS, Event, RetellEvent
from calls.tasks import STATUS
from webhooks.door.retell import Retell

CALL = {"call_id": "call_abc", "start_timestamp": 1_763_370_005_123}


def test_whatever_something_follows_from_has_a_job_and_a_status() -> None:
    assert set(Retell.jobs) == set(STATUS) == set(Event)
    assert set(TRANSFERS) | set(HAPPENED) <= set(Event)
    assert not set(Event) & {INBOUND, *IGNORED}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"event": "call_started", "call": CALL}, "call"),
        ({"event": "call_started", **CALL}, ""),
        ({"event": "call_started", "call": {}, **CALL}, ""),
        ({"event": "call_started", "call": "call_abc", **CALL}, ""),
    ],
)
def test_it_finds_the_call_where_it_stands(body: dict[str, Any], place: str) -> None:
    told = RetellEvent.from_fields(body)
    assert (told.type, told.place, told.subject) == ("call_started", place, "call_abc")
    assert told.happened_at == datetime(2025, 11, 17, 9, 0, 5, 123000, tzinfo=UTC)


def test_it_finds_a_chat_and_knows_an_agents_function_by_its_arguments() -> None:
    chat = RetellEvent.from_fields({"event": CHATS[0], "chat": {"chat_id": "chat_abc"}})
    assert (chat.place, chat.subject) == ("chat", "chat_abc")
    assert RetellEvent.from_fields({"args": {}, "name": "book"}).type == FUNCTION


@pytest.mark.parametrize("moment", [None, True, "1763370005123", 1763370005123.0, -1, 0, 10**30, [], 4_102_444_800_000])
def test_it_leaves_a_moment_that_makes_no_sense_to_the_job(moment: object) -> None:
    told = RetellEvent.from_fields({"event": "call_started", "call": {**CALL, "start_timestamp": moment}})
    assert told.happened_at is None


@pytest.mark.parametrize("event", [None, 1, [], {}, "", "x" * 81, "call\nended"])
def test_it_is_of_no_type_when_its_name_cannot_be_read(event: object) -> None:
    assert RetellEvent.from_fields({"event": event, "call": CALL}).type == ""
