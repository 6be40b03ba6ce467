from datetime import timedelta

import pytest

from calls.models import Call
from calls.record import record
from calls.wishes.extraction import extract
from tests.calls.practice import practice
from tests.calls.recorded import recorded_call

pytestmark = pytest.mark.django_db

Status = Call.Status
KINDS = ("two_wishes", "anonymous", "booked_by_agent")


@pytest.mark.parametrize(
    "name", ["call_analyzed", "call_ended.two_wishes", "call_ended.anonymous", "call_ended.booked_by_agent"]
)
def test_it_reads_the_same_wishes_from_the_row_as_from_the_event(name: str) -> None:
    told = recorded_call(name)
    call, _ = record(told, practice(), Status.ANALYZED)
    assert extract(call) == extract(told)


def test_it_is_the_end_only_once_and_never_goes_back() -> None:
    number, told = practice(), recorded_call("call_ended")
    steps = (Status.ONGOING, Status.ENDED, Status.ONGOING, Status.ANALYZED, Status.ENDED)
    outcomes = [record(told, number, status) for status in steps]
    assert [ends for _, ends in outcomes] == [False, True, False, False, False]
    assert [call.status for call, _ in outcomes] == ["ongoing", "ended", "ended", "analyzed", "analyzed"]


def test_it_is_the_end_when_the_call_was_given_up_for_lost() -> None:
    number, told = practice(), recorded_call("call_ended")
    record(told, number, Status.LOST)
    call, ends = record(told, number, Status.ENDED)
    assert (call.status, ends) == ("ended", True)


@pytest.mark.parametrize(("before", "after"), [("pending", "pending"), ("booked", "booked")])
def test_a_lost_call_whose_end_comes_is_worked_on_again_and_what_was_booked_stays(before: str, after: str) -> None:
    number, told = practice(), recorded_call("call_ended")
    call, _ = record(told, number, Status.ONGOING)
    Call.objects.update(outcome=before)
    assert call.lose() and not call.lose()
    found, _ = record(told, number, Status.ENDED)
    assert (found.status, found.outcome) == ("ended", after)


def test_it_keeps_when_the_end_was_first_heard_of() -> None:
    number, told = practice(), recorded_call("call_ended")
    call, _ = record(told, number, Status.ENDED)
    Call.objects.update(end_heard_at=call.end_heard_at - timedelta(hours=1))
    again, _ = record(told, number, Status.ANALYZED)
    assert again.end_heard_at == call.end_heard_at - timedelta(hours=1)


def test_it_leaves_the_call_with_its_company_when_the_number_has_moved_to_another() -> None:
    first, second = practice(), practice("+493023125201", "salon-birke")
    record(recorded_call("call_ended"), first, Status.ENDED)
    call, _ = record(recorded_call("call_ended"), second, Status.ANALYZED)
    assert call.company == first.company


def test_it_notes_which_fields_made_no_sense() -> None:
    told = recorded_call("call_ended", duration_ms="lang", call_cost=[])
    call, _ = record(told, practice(), Status.ENDED)
    assert any("duration_ms" in problem for problem in call.problems)


@pytest.mark.parametrize("first", [{"datum": "morgen"}, "morgen", ["morgen"], None, 7])
@pytest.mark.parametrize("second", [{"uhrzeit": "10 Uhr"}, "heute", [], None, False])
def test_it_takes_the_newer_value_when_the_two_events_differ_in_type(first: object, second: object) -> None:
    number = practice()
    record(recorded_call("call_ended", collected_dynamic_variables={"termin": first}), number, Status.ENDED)
    told = recorded_call("call_analyzed", collected_dynamic_variables={"termin": second})
    call, _ = record(told, number, Status.ANALYZED)
    known = call.variables["collected_dynamic_variables"].get("termin") if call.variables else None
    if isinstance(first, dict) and isinstance(second, dict):
        assert known == {**first, **second}
    else:
        assert known == (first if second in (None, []) else second)
