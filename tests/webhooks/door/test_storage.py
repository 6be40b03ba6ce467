"""If a call's owner restricts storage, only named fields are kept, in the raw body as well as in rows."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import serializers

from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from calls.models import BookingRequest, Call, Customer
from calls.retell.storage import FACTS, permitted
from tests.calls.practice import practice
from tests.webhooks.signing import compact, post, recorded, retell_signature
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db

CANARY = "Kanarienvogel"
EVENTS = ("call_started", "call_ended", "call_analyzed", "call_ended.two_wishes", "call_ended.booked_by_agent")
EVENTS += ("transcript_updated", "transfer_started", "transfer_ended")
RESTRICTED = (
    {"data_storage_setting": "everything_except_pii"},
    {"data_storage_setting": "basic_attributes_only"},
    {"data_storage_setting": "a setting of next year"},
    {"data_storage_setting": "everything", "opt_out_sensitive_data_storage": True},
)
# What Retell sends today and may send tomorrow, in any spelling.
UNKNOWN = (
    *("metadata", "transcript", "Transcript", "transcript_object", "summary", "call_summary", "recording_url"),
    *("recording_multi_channel_url", "public_log_url", "scrubbed_transcript", "agent_name", "custom_sip_headers"),
    *("telephony_identifier", "latency", "transfer_destination", "content", "arguments", "words", "krankheit"),
    *("_krankheit", "datum_zwei", "field_of_next_year", CANARY, "args", "user_sentiment"),
)
VALUES: tuple[Any, ...] = (CANARY, {CANARY: CANARY}, [CANARY, {CANARY: [CANARY]}])


def places(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of it, the inner ones included."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict):
        yield value
    for each in inner:
        yield from places(each)


def with_unknown_fields(payload: dict[str, Any]) -> dict[str, Any]:
    """Unknown fields everywhere, and objects or lists in place of plain values."""
    told = copy.deepcopy(payload)
    for place in list(places(told)):
        place |= {name: VALUES[number % 3] for number, name in enumerate(UNKNOWN)}
    for name in ("agent_version", "call_type", "call_status", "agent_id"):
        told["call"][name] = {CANARY: CANARY}
    return told


@pytest.mark.parametrize("name", EVENTS)
def test_no_unknown_field_reaches_any_column(name: str) -> None:
    turn = EVENTS.index(name)
    _judge(name, RESTRICTED[turn % 4], is_flat=turn % 2 == 0)


@pytest.mark.long
@pytest.mark.parametrize("is_flat", [False, True], ids=["nested", "flat"])
@pytest.mark.parametrize("restriction", RESTRICTED, ids=lambda restriction: restriction["data_storage_setting"])
@pytest.mark.parametrize("name", EVENTS)
def test_no_unknown_field_of_any_event_under_any_restriction(
    name: str, restriction: dict[str, Any], is_flat: bool
) -> None:
    _judge(name, restriction, is_flat=is_flat)


def _judge(name: str, restriction: dict[str, Any], *, is_flat: bool) -> None:
    practice()
    told = with_unknown_fields(recorded("retell", name))
    told["call"] |= restriction
    body = compact({**told["call"], "event": told["event"]} if is_flat else told)
    signature = {"X-Retell-Signature": retell_signature(body)}
    assert post(f"/webhooks/retell/?name={CANARY}", body, "application/json", **signature).status_code == 204
    run_jobs(due_or_not=True)
    event = WebhookEvent.objects.get()
    models = (WebhookEvent, Call, BookingRequest, Customer, Job)
    rows = serializers.serialize("json", [row for model in models for row in model.objects.all()])
    assert CANARY not in bytes(event.body).decode() + rows
    assert event.subject == recorded("retell", name)["call"]["call_id"]


@pytest.mark.parametrize("restriction", RESTRICTED, ids=lambda restriction: restriction["data_storage_setting"])
def test_what_a_booking_needs_is_kept(restriction: dict[str, Any]) -> None:
    practice()
    told = recorded("retell", "call_ended.two_wishes")
    told["call"] |= restriction
    body = compact(told)
    post("/webhooks/retell/", body, "application/json", **{"X-Retell-Signature": retell_signature(body)})
    run_jobs(due_or_not=True)
    call = Call.objects.get()
    assert (call.from_number, call.to_number) == (told["call"]["from_number"], told["call"]["to_number"])
    assert [request.starts_at is not None for request in BookingRequest.objects.all()] == [True, True]


def test_what_an_earlier_event_still_allowed_goes_with_the_first_that_forbids_it() -> None:
    practice()
    for name, setting in (("call_started", "everything"), ("call_ended", "basic_attributes_only")):
        told = recorded("retell", name)
        told["call"]["data_storage_setting"] = setting
        told["call"]["retell_llm_dynamic_variables"] = {"krankheit": CANARY, "datum": "morgen"}
        body = compact(told)
        post("/webhooks/retell/", body, "application/json", **{"X-Retell-Signature": retell_signature(body)})
        run_jobs()
    assert CANARY not in json.dumps(Call.objects.get().variables)


def test_a_fact_is_a_plain_value() -> None:
    assert permitted({name: [CANARY] for name in FACTS}) == {}
