import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.retell.call import RetellCall, parse_call
from calls.retell.disconnection import Disconnection
from calls.retell.fields import InvalidCall, storable
from calls.retell.storage import Storage
from calls.wishes.told import ToolCall
from tests.calls.recorded import FIXTURES, recorded, recorded_call

MINIMAL = {"call_id": "call_0123456789"}


def test_it_reads_an_ended_call() -> None:
    call = parse_call(recorded("call_ended"))

    assert call.call_id == "call_a1d4f7c02b9e4f6d8c3b5a7e901"
    assert (call.call_type, call.status, call.direction) == ("phone_call", "ended", "inbound")
    assert (call.from_number, call.to_number) == ("+4915551230011", "+493023125200")
    assert call.agent_id == "agent_71c0d9e8b7a64f53a2b1c0d9e8"
    assert call.started_at == datetime(2025, 11, 17, 9, 0, 5, 123000, tzinfo=UTC)
    assert call.ended_at == datetime(2025, 11, 17, 9, 1, 39, 123000, tzinfo=UTC)
    assert call.duration_ms == 94_000
    assert call.disconnection is Disconnection.TALKED
    assert call.storage is Storage.EVERYTHING
    assert call.transcript is not None
    assert call.transcript.startswith("Agent: Guten Tag")
    assert call.recording_url == "https://recordings.example.org/a1d4f7c0/recording.wav?sig=def"
    assert call.cost_usd == Decimal("0.267")
    assert call.dynamic_variables["heute_datum"] == "2025-11-17"
    assert call.collected_variables["uhrzeit"] == "16 Uhr"
    assert call.custom_analysis == {}
    assert (call.summary, call.successful, call.in_voicemail) == (None, None, None)
    assert call.tool_calls == (ToolCall("collect_appointment_data_v3", successful=True),)
    assert call.problems == ()


def test_it_reads_the_analysis_when_the_call_is_analysed() -> None:
    call = parse_call(recorded("call_analyzed"))

    assert call.summary == "Die Anruferin wünscht Krankengymnastik am Donnerstag, 20. November 2025, um 16 Uhr."
    assert (call.successful, call.in_voicemail) == (True, False)
    assert call.custom_analysis["appointment_datetime"] == "2025-11-20T16:00:00+01:00"


def test_it_reads_a_call_that_nobody_answered() -> None:
    call = parse_call(recorded("call_ended.not_connected"))

    assert call.disconnection is Disconnection.NOT_CONNECTED
    assert (call.started_at, call.ended_at, call.duration_ms, call.transcript) == (None, None, None, None)
    assert call.cost_usd == 0
    assert call.dynamic_variables == {}


def test_it_reads_a_call_that_goes_on() -> None:
    call = parse_call(recorded("call_started"))

    assert call.disconnection is None
    assert call.ended_at is None


def test_incident_11_the_flat_shape_is_read_as_the_nested_one() -> None:
    body = recorded("call_analyzed")

    flat, nested = parse_call({"event": "call_analyzed", **body["call"]}), parse_call(body)

    assert flat == nested


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.json")), ids=lambda path: path.stem)
def test_it_reads_every_recorded_event_but_the_one_before_a_call(path: Path) -> None:
    body = json.loads(path.read_text())
    if "call_inbound" in body:
        with pytest.raises(InvalidCall, match="call_id is missing"):
            parse_call(body)
    else:
        assert parse_call(body).problems == ()


def test_it_reads_every_example_of_the_contract_when_the_contract_is_there(contracts: Path) -> None:
    read = 0
    for path in sorted((contracts / "examples" / "retell").glob("*.json")):
        body = json.loads(path.read_text())
        for payload in body if isinstance(body, list) else body.get("items", [body]):
            if "call_id" in payload.get("call", payload):
                assert parse_call(payload).problems == (), path.name
                read += 1
    assert read >= 15


@pytest.mark.parametrize("setting", ["everything_except_pii", "basic_attributes_only", "a setting of next year"])
def test_it_keeps_nothing_that_was_said_when_storage_is_refused(setting: str) -> None:
    call = recorded_call(
        "call_analyzed", data_storage_setting=setting, call_analysis={"call_summary": "Frau Öztürk wünscht …"}
    )

    assert (call.transcript, call.recording_url, call.summary) == (None, None, None)
    assert call.collected_variables["uhrzeit"] == "16 Uhr"


def test_it_keeps_nothing_that_was_said_when_the_call_itself_opted_out() -> None:
    assert recorded_call("call_ended", opt_out_sensitive_data_storage=True).transcript is None


@pytest.mark.parametrize(
    ("call_id", "reason"),
    [
        (None, "is missing"),
        ("", "is missing"),
        ("12345", "is a placeholder"),
        ("undefined", "is a placeholder"),
        ("NULL", "is a placeholder"),
        ("{{call_id}}", "is a placeholder"),
        (12345678, "is not a text"),
        (["call_1"], "is not a text"),
        ("abc", "is not an id of 4 to 64 letters, digits and -_.:"),
        ("call 12345", "is not an id of 4 to 64 letters, digits and -_.:"),
        ("call_12345\n", "is not an id of 4 to 64 letters, digits and -_.:"),
        ("call_\x00", "is not an id of 4 to 64 letters, digits and -_.:"),
        ("c" * 65, "is not an id of 4 to 64 letters, digits and -_.:"),
        ("../../etc", "is not an id of 4 to 64 letters, digits and -_.:"),
    ],
)
def test_it_refuses_a_call_without_a_usable_id(call_id: object, reason: str) -> None:
    with pytest.raises(InvalidCall) as error:
        parse_call({"call": {"call_id": call_id}})

    assert (error.value.field, error.value.reason) == ("call_id", reason)
    assert str(error.value) == f"Not a call: call_id {reason}."


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (None, "payload"),
        ([], "payload"),
        ("{}", "payload"),
        ({}, "call_id"),
        ({"call": None}, "call"),
        ({"call": []}, "call"),
    ],
)
def test_it_refuses_what_is_no_object(payload: object, field: str) -> None:
    with pytest.raises(InvalidCall) as error:
        parse_call(payload)

    assert error.value.field == field


@pytest.mark.parametrize(
    ("stated", "instant"),
    [
        (1763370005123, datetime(2025, 11, 17, 9, 0, 5, 123000, tzinfo=UTC)),
        (1763370005123.0, datetime(2025, 11, 17, 9, 0, 5, 123000, tzinfo=UTC)),
        ("1763370005123", datetime(2025, 11, 17, 9, 0, 5, 123000, tzinfo=UTC)),
        ("2025-11-17T09:00:05.123Z", datetime(2025, 11, 17, 9, 0, 5, 123000, tzinfo=UTC)),
        ("2025-11-17T10:00:05+01:00", datetime(2025, 11, 17, 9, 0, 5, tzinfo=UTC)),
        (946684800000, datetime(2000, 1, 1, tzinfo=UTC)),
        (None, None),
    ],
)
def test_incident_11_times_are_read_in_milliseconds_and_in_iso(stated: object, instant: datetime | None) -> None:
    call = parse_call({**MINIMAL, "start_timestamp": stated})

    assert call.started_at == instant
    assert call.problems == ()


def test_it_notes_a_time_without_a_zone() -> None:
    call = parse_call({**MINIMAL, "start_timestamp": "2025-11-17T09:00:05"})

    assert call.started_at == datetime(2025, 11, 17, 9, 0, 5, tzinfo=UTC)
    assert call.problems == ("start_timestamp has no zone and was read as UTC",)


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        (0, "is before 2000 or after 2100"),
        (-1, "is before 2000 or after 2100"),
        (1763370005, "is before 2000 or after 2100"),
        (946684799999, "is before 2000 or after 2100"),
        (4102444800000, "is before 2000 or after 2100"),
        (10**400, "is before 2000 or after 2100"),
        ("1999-12-31T23:59:59Z", "is before 2000 or after 2100"),
        ("2100-01-01T00:00:00Z", "is before 2000 or after 2100"),
        ("9999-12-31T23:59:59-12:00", "is not a time"),
        ("gestern um acht", "is not a time"),
        ("9" * 5000, "is not a time"),
        (True, "is not a time"),
        (float("nan"), "is not a time"),
        (float("inf"), "is not a time"),
        ({"ms": 1}, "is not a time"),
    ],
)
@pytest.mark.parametrize("field", ["start_timestamp", "end_timestamp"])
def test_it_refuses_a_time_that_cannot_be(field: str, stated: object, reason: str) -> None:
    with pytest.raises(InvalidCall) as error:
        parse_call({**MINIMAL, field: stated})

    assert (error.value.field, error.value.reason) == (field, reason)


@pytest.mark.parametrize(
    ("changes", "attribute", "value", "problem"),
    [
        ({"from_number": 4915551230011}, "from_number", "", "from_number has the wrong type"),
        ({"from_number": "9" * 33}, "from_number", "", "from_number is too long"),
        ({"direction": "sideways"}, "direction", "", "direction is unknown"),
        ({"duration_ms": -1}, "duration_ms", None, "duration_ms is not a number in range"),
        ({"duration_ms": True}, "duration_ms", None, "duration_ms is not a number in range"),
        ({"transcript": ["Agent: Hallo"]}, "transcript", None, "transcript has the wrong type"),
        ({"transcript": "x" * 500_001}, "transcript", "x" * 500_000, "transcript was cut"),
        ({"recording_url": "javascript:alert(1)"}, "recording_url", None, "recording_url is no web address"),
        ({"call_cost": 36.2}, "cost_usd", None, "call_cost has the wrong type"),
        ({"call_cost": {"combined_cost": "viel"}}, "cost_usd", None, "combined_cost is not an amount in range"),
        ({"call_cost": {"combined_cost": -1}}, "cost_usd", None, "combined_cost is not an amount in range"),
        ({"call_cost": {"combined_cost": 1e300}}, "cost_usd", None, "combined_cost is not an amount in range"),
        ({"call_analysis": []}, "summary", None, "call_analysis has the wrong type"),
        ({"call_analysis": {"call_successful": "maybe"}}, "successful", None, "call_successful has the wrong type"),
        (
            {"collected_dynamic_variables": "{}"},
            "collected_variables",
            {},
            "collected_dynamic_variables has the wrong type",
        ),
        ({"transcript_with_tool_calls": {}}, "tool_calls", (), "transcript_with_tool_calls has the wrong type"),
    ],
)
def test_it_drops_and_notes_a_wrong_value_in_an_optional_field(
    changes: dict[str, object], attribute: str, value: object, problem: str
) -> None:
    call = parse_call({**MINIMAL, **changes})

    assert getattr(call, attribute) == value
    assert call.problems == (problem,)


def test_it_does_not_believe_an_end_before_the_start() -> None:
    call = parse_call({**MINIMAL, "start_timestamp": 1763370005123, "end_timestamp": 1763370005122})

    assert call.ended_at is None
    assert call.problems == ("end_timestamp is before the start",)


def test_it_takes_the_duration_from_the_times_when_none_is_stated() -> None:
    call = parse_call({**MINIMAL, "start_timestamp": 1763370005123, "end_timestamp": 1763370006500})

    assert call.duration_ms == 1377


@pytest.mark.parametrize(
    ("cents", "dollars"), [(36.2, "0.362"), (0, "0"), ("36.2", "0.362"), (12345, "123.45"), (0.004, "0.0000")]
)
def test_incident_11_costs_are_cents(cents: object, dollars: str) -> None:
    assert parse_call({**MINIMAL, "call_cost": {"combined_cost": cents}}).cost_usd == Decimal(dollars)


def test_it_cleans_what_could_not_be_stored() -> None:
    call = parse_call(
        {
            **MINIMAL,
            "transcript": "User: Gr\x00üße\ud800 🙂",
            "collected_dynamic_variables": {
                "na\x00me": "Ö\udfffz",
                "n": float("nan"),
                "big": 10**30,
                "deep": [[[[[[[[["x"]]]]]]]]],
            },
        }
    )

    assert call.transcript == "User: Grüße 🙂"
    assert call.collected_variables["name"] == "Öz"
    assert (call.collected_variables["n"], call.collected_variables["big"]) == (None, None)


def test_it_reads_what_older_agents_put_into_the_call_itself() -> None:
    assert parse_call({**MINIMAL, "_datum": "morgen", "__uhrzeit": "16 Uhr"}).underscored == {
        "datum": "morgen",
        "uhrzeit": "16 Uhr",
    }


@pytest.mark.parametrize(
    ("reason", "callback", "no_calls"),
    [("user_requested_callback", True, False), ("user_requested_dnc", False, True), ("user_hangup", False, False)],
)
def test_it_hears_the_callers_wish_about_further_calls(reason: str, callback: bool, no_calls: bool) -> None:
    call = parse_call({**MINIMAL, "disconnection_reason": reason})

    assert (call.wants_callback, call.wants_no_calls) == (callback, no_calls)


def test_it_shows_no_personal_data_in_a_traceback() -> None:
    assert "Mareike" not in repr(parse_call(recorded("call_analyzed")))


ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.integers(10**11, 10**13),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)
FIELD_NAMES = sorted({*recorded("call_analyzed")["call"], "_datum", "opt_out_sensitive_data_storage"} - {"call_id"})


@given(st.dictionaries(st.sampled_from(FIELD_NAMES), JSON, max_size=8), st.booleans())
def test_it_reads_any_json_or_says_what_is_invalid(fields: dict[str, object], nested: bool) -> None:
    body = {**fields, **MINIMAL}
    try:
        call = parse_call({"call": body} if nested else body)
    except InvalidCall as error:
        assert error.field in {"start_timestamp", "end_timestamp"}
    else:
        assert isinstance(call, RetellCall)
        assert all(isinstance(problem, str) for problem in call.problems)


@given(JSON)
def test_it_refuses_anything_else_as_invalid(payload: object) -> None:
    with pytest.raises(InvalidCall):
        parse_call(payload)


@given(JSON)
def test_it_makes_any_json_storable(value: object) -> None:
    written = json.dumps(storable(value), allow_nan=False, ensure_ascii=False)

    assert "\\u0000" not in written
    written.encode()
