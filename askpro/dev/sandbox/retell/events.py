"""Which fields of a call each of Retell's events contains."""

from typing import Any

from askpro.dev.sandbox.exchange import compact

STARTED, ENDED, ANALYZED = "call_started", "call_ended", "call_analyzed"
BASIC = (
    "call_id",
    "call_type",
    "agent_id",
    "agent_version",
    "agent_name",
    "call_status",
    "direction",
    "from_number",
    "to_number",
    "start_timestamp",
    "metadata",
    "retell_llm_dynamic_variables",
    "telephony_identifier",
    "data_storage_setting",
    "opt_in_signed_url",
)
TRANSCRIPTS = ("transcript", "transcript_object", "transcript_with_tool_calls")


def body(event: str, call: dict[str, Any]) -> bytes:
    return compact({"event": event, "call": shown(event, call)})


def shown(event: str, call: dict[str, Any]) -> dict[str, Any]:
    """The basic fields at the start, all but the analysis at the end, everything after the analysis."""
    if event == STARTED:
        return {name: call[name] for name in BASIC if name in call} | {"call_status": "ongoing"}
    return {name: value for name, value in call.items() if event == ANALYZED or name != "call_analysis"}


def listed(call: dict[str, Any]) -> dict[str, Any]:
    """The call in a list: without transcripts."""
    return {name: value for name, value in call.items() if name not in TRANSCRIPTS}
