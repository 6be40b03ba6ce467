"""A call as Retell reports it, in any event or answer of its API."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from askpro.reading import clean
from calls.retell.disconnection import (
    CALL_BACK,
    DO_NOT_CALL,
    NO_TALK,
    TRANSFER_CANCELLED,
    TRANSFER_ENDS,
    Disconnection,
    classify,
)
from calls.retell.event import TRANSFERS, Transfer, about
from calls.retell.fields import CallFields, InvalidCall, storable_object
from calls.retell.storage import Storage, is_restricted, permitted
from calls.retell.tools import succeeded
from calls.wishes.told import ToolCall

_CALL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:\-]{3,63}")
# Seen in production in place of an id.
_PLACEHOLDER_IDS: Final = frozenset(
    {
        "12345",
        "123456",
        "undefined",
        "null",
        "none",
        "unknown",
        "test",
        "string",
        "call_id",
        "callid",
        "example",
    }
)
_LONGEST_CALL_MS: Final = 7 * 24 * 60 * 60 * 1000
_LONGEST_TRANSCRIPT: Final = 500_000
_MOST_UTTERANCES: Final = 5_000


# No repr: what a caller said must not reach a log through a traceback's variables.
@dataclass(frozen=True, slots=True, repr=False)
class RetellCall:
    """A call as Retell reports it in any event or API answer; absent text is empty, all else absent is None.

    Numbers are as sent ("anonymous" included), times are aware and in UTC, `cost_usd` is in dollars. What
    the storage setting forbids to keep (transcript, recording, summary) is None however much was sent. `session` are
    the dynamic variables of the call's first event, where that is known.
    `problems` names the fields that made no sense, without their values.
    """

    call_id: str
    call_type: str
    status: str
    direction: str
    from_number: str
    to_number: str
    agent_id: str
    started_at: datetime | None
    ended_at: datetime | None
    duration_ms: int | None
    disconnection_reason: str
    storage: Storage
    transcript: str | None
    recording_url: str | None
    summary: str | None
    successful: bool | None
    in_voicemail: bool | None
    cost_usd: Decimal | None
    session: Mapping[str, object]
    dynamic_variables: Mapping[str, object]
    collected_variables: Mapping[str, object]
    custom_analysis: Mapping[str, object]
    underscored: Mapping[str, object]
    tool_calls: tuple[ToolCall, ...]
    transfer: Transfer
    problems: tuple[str, ...]

    @property
    def disconnection(self) -> Disconnection | None:
        """None while the call lasts."""
        return classify(self.disconnection_reason) if self.disconnection_reason else None

    @property
    def nobody_talked(self) -> bool:
        return self.in_voicemail is True or self.disconnection in NO_TALK

    @property
    def transferred(self) -> bool:
        return self.transfer.may_have_talked

    @property
    def may_be_quoted(self) -> bool:
        """Whether the caller's own words may be kept, and told to others."""
        return self.storage is Storage.EVERYTHING

    @property
    def wants_callback(self) -> bool:
        return self.disconnection_reason == CALL_BACK

    @property
    def wants_no_calls(self) -> bool:
        return self.disconnection_reason == DO_NOT_CALL


def parse_call(payload: object) -> RetellCall:
    """Reads a webhook body, nested under `call` or flat, or a call object of the API.

    Raises InvalidCall, naming field and reason, for what cannot be a call: no object, no usable id, a time
    that is unreadable or outside 2000 to 2100. Any other wrong value is dropped and noted.
    """
    call = _call_object(payload)
    fields = CallFields(permitted(call) if is_restricted(call) else call)
    call_id = _call_id(fields.source.get("call_id"))
    storage = _storage(fields)
    kept = storage is Storage.EVERYTHING
    analysis = fields.inside("call_analysis")
    cost = fields.inside("call_cost")
    started_at, ended_at = _times(fields)
    return RetellCall(
        call_id=call_id,
        call_type=fields.code("call_type", 32),
        status=fields.code("call_status", 32),
        direction=_direction(fields),
        from_number=fields.code("from_number", 32),
        to_number=fields.code("to_number", 32),
        agent_id=fields.code("agent_id", 64),
        started_at=started_at,
        ended_at=ended_at,
        duration_ms=_duration_ms(fields, started_at, ended_at),
        disconnection_reason=fields.code("disconnection_reason", 64),
        storage=storage,
        transcript=(fields.text("transcript", _LONGEST_TRANSCRIPT) or None) if kept else None,
        recording_url=(fields.url("recording_url") or None) if kept else None,
        summary=(analysis.text("call_summary", 10_000) or None) if kept else None,
        successful=analysis.flag("call_successful"),
        in_voicemail=analysis.flag("in_voicemail"),
        cost_usd=cost.dollars_from_cents("combined_cost"),
        session={},
        dynamic_variables=fields.values("retell_llm_dynamic_variables"),
        collected_variables=fields.values("collected_dynamic_variables"),
        custom_analysis=analysis.values("custom_analysis_data"),
        underscored=_underscored(fields),
        tool_calls=_tool_calls(fields),
        transfer=_transfer(payload, fields),
        problems=tuple(fields.problems),
    )


def _call_object(payload: object) -> dict[str, object]:
    if not isinstance(payload, dict):
        raise InvalidCall("payload", "is not an object")
    call = about(payload)
    if not isinstance(call, dict):
        raise InvalidCall("call", "is not an object")
    return call


def _call_id(value: object) -> str:
    if value is None or value == "":
        raise InvalidCall("call_id", "is missing")
    if not isinstance(value, str):
        raise InvalidCall("call_id", "is not a text")
    if value.strip().lower() in _PLACEHOLDER_IDS or "{{" in value:
        raise InvalidCall("call_id", "is a placeholder")
    if not _CALL_ID.fullmatch(value):
        raise InvalidCall("call_id", "is not an id of 4 to 64 letters, digits and -_.:")
    return value


def _storage(fields: CallFields) -> Storage:
    """What may be stored. Absent means everything, Retell's default; an unknown setting counts as the strictest."""
    setting = fields.code("data_storage_setting", 64)
    if fields.source.get("opt_out_sensitive_data_storage") is True:
        return Storage.BASIC_ATTRIBUTES_ONLY
    if fields.source.get("data_storage_setting") is None:
        return Storage.EVERYTHING
    try:
        return Storage(setting)
    except ValueError:
        fields.problems.append("data_storage_setting is unknown: nothing sensitive is kept")
        return Storage.BASIC_ATTRIBUTES_ONLY


def _direction(fields: CallFields) -> str:
    direction = fields.code("direction", 16)
    if direction in {"", "inbound", "outbound"}:
        return direction
    fields.problems.append("direction is unknown")
    return ""


def _times(fields: CallFields) -> tuple[datetime | None, datetime | None]:
    started_at, ended_at = fields.instant("start_timestamp"), fields.instant("end_timestamp")
    if started_at and ended_at and ended_at < started_at:
        fields.problems.append("end_timestamp is before the start")
        return started_at, None
    return started_at, ended_at


def _duration_ms(fields: CallFields, started_at: datetime | None, ended_at: datetime | None) -> int | None:
    stated = fields.whole("duration_ms", _LONGEST_CALL_MS)
    if stated is not None or started_at is None or ended_at is None:
        return stated
    return round((ended_at - started_at).total_seconds() * 1000)


def _underscored(fields: CallFields) -> dict[str, object]:
    """Older agents put what they collected into the call itself: `_datum`, `_uhrzeit`."""
    found = {
        key.lstrip("_"): value for key, value in fields.source.items() if isinstance(key, str) and key.startswith("_")
    }
    return storable_object(found)


def _transfer(payload: object, fields: CallFields) -> Transfer:
    """How far a transfer went: by the event itself, or by how the call ended. Its destination is in another field."""
    event = payload.get("event") if isinstance(payload, dict) else None
    if isinstance(event, str) and event in TRANSFERS:
        return TRANSFERS[event]
    reason = fields.code("disconnection_reason", 64)
    if reason in TRANSFER_ENDS:
        return Transfer.BRIDGED
    if reason == TRANSFER_CANCELLED:
        return Transfer.CANCELLED
    return Transfer.STARTED if fields.source.get("transfer_destination") else Transfer.NONE


def _tool_calls(fields: CallFields) -> tuple[ToolCall, ...]:
    """The tools used. The list may contain entries of any role: those that are neither call nor result are skipped."""
    entries = fields.objects("transcript_with_tool_calls", _MOST_UTTERANCES)
    results = {
        str(entry.get("tool_call_id")): succeeded(entry) for entry in entries if entry.get("role") == "tool_call_result"
    }
    calls: list[ToolCall] = []
    for entry in entries:
        if entry.get("role") == "tool_call_invocation" and isinstance(name := entry.get("name"), str):
            calls.append(ToolCall(clean(name, 100), results.get(str(entry.get("tool_call_id")))))
    return tuple(calls)
