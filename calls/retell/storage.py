"""What may be stored of a call whose owner restricts storage: the fields named here, and no others.

`data_storage_setting` and `opt_out_sensitive_data_storage` of a call, contracts of Retell §3. What a booking needs
stays: who called whom and when, and the fields in which the agent wrote the wish.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from askpro.reading import mapping
from calls.retell.fields import storable_object
from calls.retell.tools import succeeded
from calls.wishes.field_names import CALLBACK, FIELDS, LISTED_FIELDS, LISTS, REQUESTED, Session, folded_name, numbered
from calls.wishes.intentions import meaning
from calls.wishes.statements import listed

FACTS: Final = (
    "call_id",
    "chat_id",
    "call_type",
    "call_status",
    "chat_status",
    "agent_id",
    "agent_version",
    "direction",
    "from_number",
    "to_number",
    "start_timestamp",
    "end_timestamp",
    "transfer_end_timestamp",
    "duration_ms",
    "disconnection_reason",
    "data_storage_setting",
    "opt_out_sensitive_data_storage",
)
OPINIONS: Final = ("call_successful", "in_voicemail")
COSTS: Final = ("combined_cost",)
TOOLS: Final = ("role", "tool_call_id", "name")
VARIABLES: Final = ("retell_llm_dynamic_variables", "collected_dynamic_variables")
_NAMED: Final = frozenset(
    {name for names in FIELDS.values() for name in names} | {*REQUESTED, *CALLBACK} | {str(name) for name in Session}
)
_LISTED: Final = _NAMED | {name for names in LISTED_FIELDS.values() for name in names}


class Storage(StrEnum):
    """What the agent's owner allows to store of a call (`data_storage_setting`)."""

    EVERYTHING = "everything"
    EVERYTHING_EXCEPT_PII = "everything_except_pii"
    BASIC_ATTRIBUTES_ONLY = "basic_attributes_only"


def is_restricted(call: Mapping[str, Any]) -> bool:
    """Whether the call's owner restricts what may be stored; an unknown setting restricts it too."""
    setting = call.get("data_storage_setting")
    return setting not in (None, Storage.EVERYTHING) or call.get("opt_out_sensitive_data_storage") is True


def permitted(call: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a call object (of an event or an API answer) that may be stored in spite of the restriction."""
    analysis = mapping(call.get("call_analysis"))
    kept = {
        **_facts(call, FACTS),
        "call_cost": _facts(mapping(call.get("call_cost")), COSTS),
        "call_analysis": {
            **_facts(analysis, OPINIONS),
            "custom_analysis_data": permitted_variables(mapping(analysis.get("custom_analysis_data"))),
        },
        "transcript_with_tool_calls": _tools_used(call.get("transcript_with_tool_calls")),
        **{name: permitted_variables(mapping(call.get(name))) for name in VARIABLES},
        # Older agents wrote what they collected into the call itself: `_datum`, `_uhrzeit`.
        **permitted_variables({name: value for name, value in call.items() if name.startswith("_")}),
    }
    if call.get("transfer_destination"):
        # Store that there is a destination, but not its number.
        kept["transfer_destination"] = True
    return {name: value for name, value in kept.items() if value not in ({}, [], {"custom_analysis_data": {}})}


def permitted_variables(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that AskPro reads a wish from, by their names; lists of appointments likewise, item by item."""
    kept: dict[str, Any] = {}
    for key, value in variables.items():
        name = folded_name(str(key))
        if name in LISTS and (items := listed(value)):
            kept[str(key)] = [{**_meanings(item), **_facts(item, _LISTED)} for item in items]
        elif numbered(name)[0] in _NAMED and _is_plain(value):
            kept[str(key)] = value
        elif says := meaning(str(key), value):
            kept[str(key)] = says
    return storable_object(kept)


def _meanings(variables: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): says for key, value in variables.items() if (says := meaning(str(key), value))}


def _facts(source: Mapping[str, Any], names: Any) -> dict[str, Any]:
    return {name: value for name, value in source.items() if name in names and _is_plain(value)}


def _tools_used(turns: object) -> list[dict[str, Any]]:
    """The tools used, to decide whether the agent has already booked; without their arguments."""
    return [
        {**_facts(turn, TOOLS), "successful": succeeded(turn)}
        for turn in (turns if isinstance(turns, list) else ())
        if isinstance(turn, dict) and str(turn.get("role", "")).startswith("tool_call")
    ]


def _is_plain(value: object) -> bool:
    """Whether the value is no object or list, which could contain anything."""
    return value is None or isinstance(value, str | int | float | bool)
