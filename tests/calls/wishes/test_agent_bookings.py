"""What an agent or a person may have booked already is not booked again without asking."""

from itertools import permutations, product
from typing import Any

import pytest

from calls.models import BookingRequest, Call, PhoneNumber, Unclear
from calls.retell.call import parse_call
from calls.tasks import extract_call_data
from calls.text import word_set
from calls.wishes.agent_bookings import AgentBooked, booked_by_agent, sounds_like_booking
from calls.wishes.extraction import extract
from calls.wishes.told import ToolCall
from tests.calls.practice import practice, the_call, told
from tests.calls.recorded import recorded_call

BOOKING = sorted(
    word_set(
        "book_appointment book_appointment_v17 bookAppointment book-appointment BOOK_APPOINTMENT termin_buchen "
        "terminBuchen buche_termin create_booking create_appointment appointment_create schedule_appointment "
        "reserve_slot termin_anlegen termin_vereinbaren reschedule_appointment termin_umbuchen confirm_booking"
    )
)
OTHER = sorted(
    word_set(
        "check_availability check_availability_cal check_booking_availability get_available_slots list_bookings "
        "collect_appointment_data termin_pruefen verfuegbarkeit_pruefen cancel_booking transfer_call end_call "
        "send_booking_link find_appointment get_current_date create_customer addressbook"
    )
)


def used(name: str, successful: bool | None, content: str = "") -> list[dict[str, Any]]:
    """How Retell tells of a function that the agent used."""
    result = {"role": "tool_call_result", "tool_call_id": "1", "content": content, "successful": successful}
    return [
        {"role": "tool_call_invocation", "tool_call_id": "1", "name": name, "arguments": "{}"},
        {key: value for key, value in result.items() if value is not None},
    ]


@pytest.mark.parametrize("name", BOOKING)
def test_it_knows_a_booking_function_by_its_name(name: str) -> None:
    assert sounds_like_booking(name)


@pytest.mark.parametrize("name", OTHER)
def test_it_takes_no_other_function_for_one(name: str) -> None:
    assert not sounds_like_booking(name)


@pytest.mark.parametrize(("name", "successful"), list(product([*BOOKING, *OTHER], [True, None, False])))
def test_what_only_sounds_like_booking_is_asked_about_unless_it_failed(name: str, successful: bool | None) -> None:
    expected = AgentBooked.PERHAPS if name in BOOKING and successful is not False else AgentBooked.NO
    assert booked_by_agent([ToolCall(name, successful)], (), 1) is expected


@pytest.mark.parametrize("name", ["eintragen", "eintragen_v3"])
def test_a_function_of_the_settings_is_believed(name: str) -> None:
    believed = [booked_by_agent([ToolCall(name, successful)], ["eintragen"], 1) for successful in (True, None, False)]
    assert believed == [AgentBooked.YES, AgentBooked.PERHAPS, AgentBooked.NO]


def test_no_other_function_counts_where_the_settings_name_one() -> None:
    assert booked_by_agent([ToolCall("book_taxi", True)], ["eintragen"], 1) is AgentBooked.NO


@pytest.mark.parametrize("wishes", [1, 2, 3])
def test_it_is_believed_for_as_many_wishes_as_it_has_booked(wishes: int) -> None:
    tools = [ToolCall("book_appointment_cal", result) for result in (False, True, True)]
    expected = AgentBooked.YES if wishes <= 2 else AgentBooked.PERHAPS
    assert {booked_by_agent(order, (), wishes) for order in permutations(tools)} == {expected}


@pytest.mark.parametrize(
    ("content", "successful"),
    [
        ('{"success": true, "booking_id": 7}', True),
        ("Der Termin ist gebucht.", True),
        ('{"success": false, "message": "Slot taken"}', None),
        ('{"status":"failed","booked":false}', None),
        ('{"error": "no slot"}', None),
        ('{"Success":"false"}', None),
    ],
)
def test_an_answer_that_says_no_is_no_success(content: str, successful: bool | None) -> None:
    (tool,) = recorded_call("call_ended", transcript_with_tool_calls=used("x", True, content)).tool_calls
    assert tool.successful is successful


@pytest.fixture
def number(db: None) -> PhoneNumber:
    return practice()


def the_request(**changes: Any) -> BookingRequest:
    told("call_ended", **changes)
    extract_call_data(call_id=the_call().pk)
    return BookingRequest.objects.get()


@pytest.mark.parametrize(
    ("functions", "name", "successful", "status", "unclear", "outcome"),
    [
        ("", "book_appointment_cal", True, "dropped", "", "booked"),
        ("", "book_appointment_cal", None, "open", "perhaps_booked", "pending"),
        ("", "book_appointment_cal", False, "open", "", "pending"),
        ("", "book_appointment_v17", True, "open", "perhaps_booked", "pending"),
        ("book_appointment", "book_appointment_v17", True, "dropped", "", "booked"),
        ("eintragen\nbook_appointment", "book_appointment", False, "open", "", "pending"),
        ("", "check_availability", True, "open", "", "pending"),
    ],
)
def test_a_wish_that_the_agent_has_booked_is_dropped_and_one_that_it_may_have_booked_is_asked_about(
    number: PhoneNumber, functions: str, name: str, successful: bool | None, status: str, unclear: str, outcome: str
) -> None:
    PhoneNumber.objects.update(booking_functions=functions)
    request = the_request(transcript_with_tool_calls=used(name, successful))
    assert (request.status, request.unclear, the_call().outcome) == (status, unclear, outcome)


def test_an_agent_that_booked_for_who_wants_to_move_is_asked_about(number: PhoneNumber) -> None:
    collected = {"datum": "morgen", "uhrzeit": "16 Uhr", "dienstleistung": "KG", "anliegen": "umbuchen"}
    request = the_request(
        collected_dynamic_variables=collected, transcript_with_tool_calls=used("book_appointment_cal", True)
    )
    assert (request.status, request.unclear) == ("open", "move"), "the old one still stands"


TRANSFERRED = [
    {"disconnection_reason": "call_transfer"},
    {"disconnection_reason": "transfer_bridged"},
    {"disconnection_reason": "call_take_over"},
    {"transfer_destination": "+493023125210"},
    {"transfer_destination": {"number": "+493023125210"}},
]


@pytest.mark.parametrize("changes", TRANSFERRED)
def test_a_wish_is_asked_about_when_the_caller_was_put_through(number: PhoneNumber, changes: dict[str, Any]) -> None:
    assert the_request(**changes).unclear == Unclear.TRANSFERRED


@pytest.mark.parametrize("reason", ["user_hangup", "agent_hangup", "inactivity", "transfer_cancelled"])
def test_a_wish_is_booked_when_nobody_took_the_call(number: PhoneNumber, reason: str) -> None:
    assert the_request(disconnection_reason=reason).unclear == ""


STARTED, BRIDGED, CANCELLED, ENDED = (f"transfer_{name}" for name in ("started", "bridged", "cancelled", "ended"))


@pytest.mark.parametrize(
    ("events", "unclear"),
    [
        ((STARTED,), "transferred"),
        ((STARTED, BRIDGED), "transferred"),
        ((STARTED, BRIDGED, ENDED), "transferred"),
        ((STARTED, CANCELLED), ""),
        ((STARTED, CANCELLED, BRIDGED), "transferred"),
    ],
)
def test_it_hears_of_a_transfer_in_any_order_of_its_events(
    number: PhoneNumber, events: tuple[str, ...], unclear: str
) -> None:
    for order in permutations(events):
        BookingRequest.objects.all().delete()
        Call.objects.all().delete()
        told("call_started")
        for name in order:
            told(name)
        assert the_request().unclear == unclear


def test_a_transfer_that_tells_no_more_than_the_calls_id_is_that_calls(number: PhoneNumber) -> None:
    told("call_started")
    call_id = the_call().retell_call_id
    gone = dict.fromkeys(("to_number", "from_number", "agent_id", "direction", "start_timestamp"))
    assert told(BRIDGED, call_id=call_id, **gone).status == "processed"
    assert the_request().unclear == "transferred"
    assert told(BRIDGED, call_id="call_of_nobody", **gone).status == "unassigned"


def test_a_transfer_in_flight_leaves_the_sessions_beginning_as_it_was(number: PhoneNumber) -> None:
    told("call_started")
    before = the_call().variables["session"]
    told(STARTED, call_id=the_call().retell_call_id, retell_llm_dynamic_variables={"datum": "morgen"})
    assert the_call().variables["session"] == before


def test_the_same_is_read_from_the_event_and_from_the_row() -> None:
    call = parse_call({"event": BRIDGED, "call": {"call_id": "call_0123456789"}, "transfer_destination": {}})
    assert call.transferred and extract(call).transferred
