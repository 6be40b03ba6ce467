"""Simulated callers: what they ask follows from the seed, repeats are one request, and the judge sees every lie."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from askpro.dev.sandbox.client import SandboxClient, SandboxRefused
from askpro.dev.sandbox.talks.judge import differences
from askpro.dev.sandbox.talks.memory import Memory
from askpro.dev.sandbox.world import EVENT_TYPES
from tests.dev.sandbox.listener import Listener

CUT = 4711
START = "2026-12-03T13:00:00+00:00"
BOOKED = {"status": "booked", "spoken": "…", "data": {"date": "2026-12-03", "time": "14:00", "appointment": "7"}}
NOT = ("rival", "anonymous", "only_looks", "versioned", "at_root", "hangs_up")
PLAIN = {**dict.fromkeys(NOT, False), "repeats": 0.0}


def asked(listener: Listener) -> list[dict[str, Any]]:
    return [json.loads(each["body"]) for each in listener.requests if "/functions/" in each["path"]]


def answering(listener: Listener, answer: dict[str, Any]) -> None:
    listener.statuses, listener.answer = [200] * 1000, json.dumps(answer).encode()


def a_talk(**changed: Any) -> dict[str, Any]:
    belief = {"event_type": CUT, "may_be": [START], "appointment": "7", "staff": "", "waits_for_host": False}
    talk = {"email": "ayse@example.org", "from_number": "+4915550000001", "beliefs": [belief], "askings": []}
    return talk | changed


def a_booking(**changed: Any) -> dict[str, Any]:
    attendee = {"email": "ayse@example.org"}
    booking = {"uid": "u", "status": "accepted", "eventTypeId": CUT, "start": "2026-12-03T13:00:00.000Z"}
    return booking | {"attendees": [attendee], "hosts": [{"name": "Käthe Grün"}]} | changed


def test_the_whole_call_is_played_with_its_events(sandbox: SandboxClient, listener: Listener) -> None:
    answering(listener, BOOKED)
    talk = sandbox.talk(1, **PLAIN)
    events = [json.loads(each["body"]).get("event") for each in listener.requests]
    assert [event for event in events if event] == ["call_inbound", "call_started", "call_ended", "call_analyzed"]
    assert talk["askings"] and talk["askings"][-1]["answer"] == BOOKED
    assert sandbox.calls()[0]["call_id"] == talk["call_id"]


def test_the_conversation_grows_and_keeps_what_the_functions_answered(
    sandbox: SandboxClient, listener: Listener
) -> None:
    answering(listener, BOOKED)
    sandbox.talk(1, **PLAIN | {"asks_services": True})
    results = [
        sum(turn["role"] == "tool_call_result" for turn in each["call"]["transcript_with_tool_calls"])
        for each in asked(listener)
    ]
    assert results == [*range(len(results))] and len(results) > 1
    ended = sandbox.calls()[0]["transcript_with_tool_calls"]
    assert [turn["content"] for turn in ended if turn["role"] == "tool_call_result"][-1] == json.dumps(
        BOOKED, ensure_ascii=False
    )


def test_the_same_seed_asks_the_same(sandbox: SandboxClient, listener: Listener) -> None:
    answering(listener, BOOKED)
    first, second = ([each["function"] for each in sandbox.talk(5, **PLAIN)["askings"]] for _ in "ab")
    assert first == second


def test_what_is_not_answered_is_asked_again_at_the_same_place(sandbox: SandboxClient, listener: Listener) -> None:
    # call_inbound and call_started come first.
    listener.statuses, listener.answer = [204, 204, 503, 200, *[204] * 10], json.dumps(BOOKED).encode()
    talk = sandbox.talk(1, **PLAIN | {"asks_services": False})
    assert (talk["askings"][0]["statuses"], talk["askings"][0]["tries"]) == ([503, 200], 2)
    first, second = (each["call"]["transcript_with_tool_calls"] for each in asked(listener)[:2])
    assert [turn for turn in second if turn["role"] != "agent"] == [turn for turn in first if turn["role"] != "agent"]


def test_a_repeat_at_the_same_moment_is_the_same_bytes(sandbox: SandboxClient, listener: Listener) -> None:
    answering(listener, BOOKED)
    talk = sandbox.talk(1, **PLAIN | {"repeats": 1.0})
    requests = asked(listener)
    assert requests[0] == requests[1] and talk["askings"][0]["others"] == [BOOKED]


def test_who_hangs_up_during_a_booking_hears_no_answer(sandbox: SandboxClient, listener: Listener) -> None:
    answering(listener, BOOKED)
    listener.on_request = lambda: time.sleep(0.4)
    talk = sandbox.talk(1, **PLAIN | {"hangs_up": True, "looks_first": False})
    assert len(talk["beliefs"][0]["may_be"]) == 2 and talk["promises"] == []
    bodies = [json.loads(each["body"]) for each in listener.requests]
    order = [body.get("event") or body["name"] for body in bodies]
    assert set(order[-3:]) == {"book_appointment", "call_ended", "call_analyzed"}


def test_a_trait_that_does_not_exist_is_refused(sandbox: SandboxClient) -> None:
    with pytest.raises(SandboxRefused, match="no trait greedy"):
        sandbox.talk(1, greedy=True)


def test_the_judge_is_content_when_both_say_the_same() -> None:
    assert differences(a_talk(), [a_booking(), a_booking(attendees=[{"email": "other@example.org"}])]) == []


@pytest.mark.parametrize(
    "bookings",
    [
        [],
        [a_booking(status="cancelled")],
        [a_booking(status="pending")],
        [a_booking(start="2026-12-03T14:00:00.000Z")],
        [a_booking(eventTypeId=4712)],
        [a_booking(), a_booking(uid="v")],
        [a_booking(), a_booking(uid="v", attendees=[{"email": "", "phoneNumber": "+4915550000001"}])],
    ],
    ids=["none", "cancelled", "waits", "other time", "other service", "twice", "twice by number"],
)
def test_the_judge_sees_every_difference(bookings: list[dict[str, Any]]) -> None:
    assert differences(a_talk(), bookings)


def test_the_judge_sees_another_person_than_was_said() -> None:
    belief = a_talk()["beliefs"][0] | {"staff": "Ömer Yıldız"}
    assert differences(a_talk(beliefs=[belief]), [a_booking()])


def test_with_whom_a_moved_appointment_is_was_not_said_before_the_move_was_confirmed() -> None:
    later = START.replace("T13", "T14")
    belief = a_talk()["beliefs"][0] | {"may_be": [START, later], "staff": "Ömer Yıldız"}
    assert differences(a_talk(beliefs=[belief]), [a_booking(start=later)]) == []
    assert differences(a_talk(beliefs=[belief]), [a_booking()])


def test_what_was_left_open_may_be_either(sandbox: SandboxClient) -> None:
    belief = a_talk()["beliefs"][0] | {"may_be": [START, ""]}
    talk = a_talk(beliefs=[belief])
    assert differences(talk, []) == differences(talk, [a_booking()]) == []


def test_the_judge_sees_two_answers_to_one_request() -> None:
    def asking(other: str) -> dict[str, Any]:
        return {"function": "book_appointment", "answer": BOOKED, "others": [{"status": other}]}

    assert differences(a_talk(askings=[asking("gone")]), [a_booking()])
    assert differences(a_talk(askings=[asking("still_working")]), [a_booking()]) == []


def test_what_she_hears_later_in_the_call_keeps_the_promise() -> None:
    memory, start = Memory(), datetime(2026, 12, 3, 13, 0, tzinfo=UTC)
    memory.pending(EVENT_TYPES[CUT], start, {})
    assert memory.promises == ["booking"]
    memory.booked(EVENT_TYPES[CUT], {"date": "2026-12-03", "time": "14:00"}, waits_for_host=False)
    assert (memory.promises, memory.listed()["beliefs"][0]["may_be"]) == ([], [START])
