"""A call object as Retell would have it after such a conversation."""

import secrets
from datetime import datetime
from typing import Any

from askpro.dev.sandbox.demo.callers import Caller
from askpro.dev.sandbox.demo.scenarios import Scenario, transcript, variables
from askpro.dev.sandbox.world import SALON

SECONDS_A_WORD = 0.31
PAUSE = 0.9
CENTS_A_SECOND = 0.284


def call_object(scenario: Scenario, caller: Caller, slot: datetime, now: datetime) -> dict[str, Any]:
    """The whole call, just ended at `now`; its events show their part of it."""
    said = transcript(scenario, caller, slot)
    utterances = _timed(said)
    milliseconds = round((utterances[-1]["words"][-1]["end"] + 1.2) * 1000)
    ended = round(now.timestamp() * 1000)
    written = variables(scenario, caller, slot)
    return {
        "call_id": f"call_{secrets.token_hex(14)}",
        "call_type": "phone_call",
        "agent_id": SALON.branch.agent_id if scenario.outcome != "unassigned" else "agent_unknown",
        "agent_version": 7,
        "agent_name": f"{SALON.name} - Annahme",
        "call_status": "ended",
        "direction": "inbound",
        "from_number": "anonymous" if scenario.anonymous else caller.phone,
        "to_number": scenario.to_number,
        "start_timestamp": ended - milliseconds,
        "end_timestamp": ended,
        "duration_ms": milliseconds,
        "retell_llm_dynamic_variables": {"firma": SALON.name, "filiale": SALON.branch.name},
        "collected_dynamic_variables": written,
        "telephony_identifier": {"twilio_call_sid": f"CA{secrets.token_hex(16)}"},
        "data_storage_setting": "everything",
        "opt_in_signed_url": True,
        "disconnection_reason": "user_hangup",
        "transcript": "".join(f"{role.capitalize()}: {words}\n" for role, words in said),
        "transcript_object": utterances,
        "transcript_with_tool_calls": utterances,
        "call_cost": _cost(milliseconds),
        "call_analysis": _analysis(caller, written),
    }


def _analysis(caller: Caller, written: dict[str, str]) -> dict[str, Any]:
    wish = f"{written['dienstleistung']}, {written['datum']}, {written['uhrzeit']}"
    return {
        "call_summary": f"{caller.name} wünscht einen Termin: {wish}.",
        "in_voicemail": False,
        "user_sentiment": "Positive",
        "call_successful": True,
        "custom_analysis_data": {"termin_gewuenscht": True, "rueckruf_gewuenscht": False, **written},
    }


def _timed(said: list[tuple[str, str]]) -> list[dict[str, Any]]:
    clock, utterances = 0.4, []
    for role, sentence in said:
        words = []
        for word in sentence.split():
            words.append({"word": f"{word} ", "start": round(clock, 2), "end": round(clock + SECONDS_A_WORD, 2)})
            clock += SECONDS_A_WORD
        utterances.append({"role": role, "content": sentence, "words": words})
        clock += PAUSE
    return utterances


def _cost(milliseconds: int) -> dict[str, Any]:
    seconds = -(-milliseconds // 1000)
    cents = round(seconds * CENTS_A_SECOND, 1)
    return {
        "product_costs": [{"product": "retell_platform", "unit_price": CENTS_A_SECOND, "cost": cents}],
        "total_duration_unit_price": CENTS_A_SECOND,
        "total_duration_seconds": seconds,
        "combined_cost": cents,
    }
