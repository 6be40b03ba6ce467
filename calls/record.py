"""Writes what Retell reports about a call to the call's row."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from django.utils import timezone

from calls.models import Call, PhoneNumber
from calls.models.call import SESSION, STORAGE, TOOLS, TRANSFER
from calls.retell.call import RetellCall
from calls.retell.event import Transfer
from calls.retell.storage import Storage, permitted_variables
from calls.wishes.sources import Source

RANK: Final = Call.RANK
# An opt-out forbids to store these, even if an earlier event still allowed it.
SENSITIVE: Final = ("transcript", "recording_url", "summary")
TEXTS: Final = ("agent_id", "direction", "from_number", "to_number", "disconnection_reason", *SENSITIVE)
EMPTY: Final[tuple[Any, ...]] = (None, "", {}, [])
FACTS: Final = (*TEXTS, "started_at", "ended_at", "duration_ms", "cost_usd")


def record(
    told: RetellCall, number: PhoneNumber, status: Call.Status, objection: Callable[[int], str] = lambda company_id: ""
) -> tuple[Call, bool]:
    """Write an event to the call's row, in the caller's transaction; True if it is the first to report the call's end.

    The call id is unique within its company, so two events that insert it at once make one row; the row's lock then
    puts the events in order. Known values are never erased: a late event only fills the gaps. A call stays with its
    company when the number moves to another one, unless `objection` says that the event must not concern the former.
    To a call whose data was deleted (`erased_at`) nothing is written.
    """
    call = _row(told, number, objection)
    if call.erased_at is not None:
        return call, False
    if status == Call.Status.ONGOING and not told.transfer:
        call.variables = call.variables | {SESSION: dict(told.dynamic_variables)}
    _fill(call, told, is_newer=RANK[status] >= RANK[Call.Status(call.status)])
    was_open = call.status in (Call.Status.ONGOING, Call.Status.LOST)
    ends = was_open and status in (Call.Status.ENDED, Call.Status.ANALYZED)
    news: dict[str, Any] = {"end_heard_at": timezone.now()} if ends else {}
    if ends and call.status == Call.Status.LOST and call.outcome == Call.Outcome.FOLLOW_UP:
        # It was given up, and has come after all: its request is read like any other.
        news["outcome"] = Call.Outcome.PENDING
    call.advance(status, **news)
    call.refresh_from_db()
    return call, ends


def record_ongoing(told: RetellCall, number: PhoneNumber, objection: Callable[[int], str]) -> Call:
    """The row of a call that a function of its agent tells of; written if no event has come in yet. Runs in the
    caller's transaction. Words and variables are left to the events: here they are still incomplete.
    """
    call = _row(told, number, objection)
    if call.erased_at is None and not is_recorded(told, call):
        facts = replace(told, transcript=None, summary=None, tool_calls=(), dynamic_variables={}, underscored={})
        _fill(call, replace(facts, collected_variables={}, custom_analysis={}), is_newer=False)
    return call


def is_recorded(told: RetellCall, call: Call) -> bool:
    """Whether the row has what a function's call object says, as far as it is written from there."""
    is_restricted = told.storage is not Storage.EVERYTHING
    return bool(call.to_number) and not (is_restricted and STORAGE not in call.variables)


def _row(told: RetellCall, number: PhoneNumber, objection: Callable[[int], str]) -> Call:
    rows = Call.objects.select_for_update().filter(Call.known_by(told.call_id)).order_by("pk")
    if known := next((call for call in rows if not objection(call.company_id)), None):
        return known
    owner = {"company": number.company, "branch": number.branch, "phone_number": number}
    Call.objects.bulk_create([Call(retell_call_id=told.call_id, **owner)], ignore_conflicts=True)
    return rows.get(company=number.company)


def _fill(call: Call, told: RetellCall, *, is_newer: bool) -> None:
    for name in FACTS:
        new, old = getattr(told, name), getattr(call, name)
        if new not in (None, "") and (is_newer or old in (None, "")):
            setattr(call, name, new)
    if told.storage is not Storage.EVERYTHING:
        for name in SENSITIVE:
            setattr(call, name, "")
        call.variables = {
            source: permitted_variables(values) if isinstance(values, dict) else values
            for source, values in call.variables.items()
        }
        call.variables = call.variables | {STORAGE: told.storage.value}
    call.variables = _merged(call.variables, _variables(told), is_newer)
    farthest = max(Transfer(call.variables.get(TRANSFER, "")), told.transfer, key=lambda transfer: transfer.rank)
    if farthest:
        call.variables[TRANSFER] = farthest.value
    call.analysis = _merged(call.analysis, _analysis(told), is_newer)
    call.problems = sorted({*call.problems, *told.problems})
    call.save()


def _variables(told: RetellCall) -> dict[str, Any]:
    return {
        Source.ANALYSIS.value: dict(told.custom_analysis),
        Source.COLLECTED.value: dict(told.collected_variables),
        Source.DYNAMIC.value: dict(told.dynamic_variables),
        Source.UNDERSCORED.value: dict(told.underscored),
        TOOLS: [{"name": tool.name, "successful": tool.successful} for tool in told.tool_calls],
    }


def _analysis(told: RetellCall) -> dict[str, Any]:
    return {"call_successful": told.successful, "in_voicemail": told.in_voicemail}


def _merged(old: dict[str, Any], new: dict[str, Any], is_newer: bool) -> dict[str, Any]:
    """Merge both, value by value and object by object; if both have a value, the newer event's counts."""
    merged = dict(old)
    for name, value in new.items():
        before = merged.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            merged[name] = _merged(before, value, is_newer)
        elif value not in EMPTY and (is_newer or before in EMPTY):
            merged[name] = value
    return merged
