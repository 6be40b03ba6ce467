"""Retell: calls can be looked up and listed, and its own SDK accepts the events."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from retell.lib.webhook_auth import symmetric

from askpro.dev.sandbox.client import SandboxClient
from tests.dev.sandbox.listener import Listener
from tests.dev.sandbox.vendors import Retell, call


def keep(sandbox: SandboxClient, *calls: dict[str, Any]) -> None:
    for one in calls:
        sandbox.deliver_call(one, events=())


def test_it_gives_a_call_back(retell: Retell, sandbox: SandboxClient, conforms: Callable[..., None]) -> None:
    keep(sandbox, call())
    answer = retell.request("GET", f"/v2/get-call/{call()['call_id']}")
    conforms("retell", answer)
    assert answer.json() == call()


def test_it_says_422_to_an_unknown_call(retell: Retell, conforms: Callable[..., None]) -> None:
    answer = retell.request("GET", "/v2/get-call/call_unknown")
    conforms("retell", answer)
    assert answer.status_code == 422
    assert answer.json() == {"status": "error", "message": "Cannot find requested asset under given api key."}


def test_it_refuses_a_wrong_key(retell: Retell, conforms: Callable[..., None]) -> None:
    retell.key = "wrong"
    answer = retell.listed()
    conforms("retell", answer)
    assert answer.status_code == 401


def test_it_lists_without_transcripts_newest_first(
    retell: Retell, sandbox: SandboxClient, conforms: Callable[..., None]
) -> None:
    keep(sandbox, call("call_one", start_timestamp=1), call("call_two", start_timestamp=2))
    answer = retell.listed()
    conforms("retell", answer)
    body = answer.json()
    assert [item["call_id"] for item in body["items"]] == ["call_two", "call_one"]
    assert all("transcript" not in item and "call_analysis" in item for item in body["items"])
    assert body["has_more"] is False


def test_it_lists_in_pages_by_an_opaque_key(retell: Retell, sandbox: SandboxClient) -> None:
    keep(sandbox, *(call(f"call_{number}", start_timestamp=number) for number in range(5)))
    first = retell.listed(limit=2, sort_order="ascending", include_total=True).json()
    second = retell.listed(limit=2, sort_order="ascending", pagination_key=first["pagination_key"]).json()
    last = retell.listed(limit=2, sort_order="ascending", skip=4).json()
    assert first["total"] == 5
    pages = [[item["call_id"] for item in page["items"]] for page in (first, second, last)]
    assert pages == [["call_0", "call_1"], ["call_2", "call_3"], ["call_4"]]
    assert "pagination_key" not in last


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ({"start_timestamp": {"type": "range", "op": "bt", "value": [1, 2]}}, ["call_1", "call_2"]),
        ({"start_timestamp": {"type": "number", "op": "ge", "value": 2}}, ["call_2", "call_3"]),
        ({"call_status": {"type": "enum", "op": "in", "value": ["error"]}}, ["call_3"]),
        ({"from_number": {"type": "string", "op": "ew", "value": "0123"}}, ["call_1", "call_2", "call_3"]),
        ({"in_voicemail": {"type": "boolean", "op": "eq", "value": True}}, []),
    ],
)
def test_it_filters(retell: Retell, sandbox: SandboxClient, criteria: dict[str, Any], found: list[str]) -> None:
    keep(sandbox, *(call(f"call_{number}", start_timestamp=number) for number in (1, 2)))
    keep(sandbox, call("call_3", start_timestamp=3, call_status="error"))
    items = retell.listed(filter_criteria=criteria, sort_order="ascending").json()["items"]
    assert [item["call_id"] for item in items] == found


@pytest.mark.parametrize(
    "wanted",
    [
        {"limit": 1001},
        {"limit": 0},
        {"limit": "viele"},
        {"skip": 0, "pagination_key": "x"},
        {"pagination_key": "x"},
        {"filter_criteria": {"start_timestamp": {"lower_threshold": 1}}},
        {"filter_criteria": []},
    ],
)
def test_it_refuses_a_list_that_is_asked_for_wrongly(
    retell: Retell, sandbox: SandboxClient, conforms: Callable[..., None], wanted: dict[str, Any]
) -> None:
    keep(sandbox, call())
    answer = retell.listed(**wanted)
    conforms("retell", answer)
    assert answer.status_code == (200 if wanted == {"filter_criteria": []} else 400)


def test_it_tells_of_a_call_in_three_events_that_the_sdk_verifies(
    sandbox: SandboxClient, retell: Retell, listener: Listener
) -> None:
    deliveries = sandbox.deliver_call(call())

    assert [(delivery["event"], delivery["status"]) for delivery in deliveries] == [
        ("call_started", 204),
        ("call_ended", 204),
        ("call_analyzed", 204),
    ]
    for request in listener.wait_for(3):
        assert request["path"] == "/webhooks/retell/"
        assert symmetric["verify"](request["body"].decode(), retell.key, request["headers"]["X-Retell-Signature"])
    started, ended, analyzed = (json.loads(request["body"])["call"] for request in listener.requests)
    assert "transcript" not in started and started["call_status"] == "ongoing"
    assert "transcript" in ended and "call_analysis" not in ended
    assert analyzed == call()


def test_it_delivers_copies_at_once(sandbox: SandboxClient, listener: Listener) -> None:
    deliveries = sandbox.deliver_call(call(), events=("call_ended",), copies={"call_ended": 5})
    assert len(deliveries) == 5
    assert len({request["body"] for request in listener.wait_for(5)}) == 1


def test_it_tries_an_event_again_until_it_is_taken(sandbox: SandboxClient, listener: Listener) -> None:
    sandbox.switch(retell_tries=3, retell_retry_ms=1)
    listener.statuses = [503, 500]
    delivery = sandbox.deliver_call(call(), events=("call_ended",))[0]
    assert delivery["status"] == 204
    assert [one["status"] for one in sandbox.deliveries("retell")] == [503, 500, 204]


def test_variables_set_when_it_rang_come_back_in_every_event(sandbox: SandboxClient, listener: Listener) -> None:
    ours = {"heute": "Dienstag, 01.12.2026", "greeting_name": "Frau Grün"}
    listener.statuses = [200]
    listener.answer = json.dumps({"call_inbound": {"dynamic_variables": ours}}).encode()

    assert sandbox.ring(call()["from_number"], call()["to_number"]) == ours
    listener.answer = b""
    sandbox.deliver_call(call(retell_llm_dynamic_variables={"greeting_name": "Herr Weiß"}))

    events = [json.loads(request["body"]) for request in listener.wait_for(4)]
    assert [event["event"] for event in events] == ["call_inbound", "call_started", "call_ended", "call_analyzed"]
    for event in events[1:]:
        assert event["call"]["retell_llm_dynamic_variables"] == ours | {"greeting_name": "Herr Weiß"}


def test_a_call_of_another_account_is_shown_to_its_key_alone(retell: Retell, sandbox: SandboxClient) -> None:
    keep(sandbox, call("call_shared"))
    sandbox.deliver_call(call("call_own"), events=(), key="key_of_a_company")
    assert [item["call_id"] for item in retell.listed().json()["items"]] == ["call_shared"]
    assert retell.request("GET", "/v2/get-call/call_own").status_code == 422
    retell.key = "key_of_a_company"
    assert [item["call_id"] for item in retell.listed().json()["items"]] == ["call_own"]
    assert retell.request("GET", "/v2/get-call/call_shared").status_code == 422


def test_another_account_tells_of_its_calls_at_its_own_address(sandbox: SandboxClient, listener: Listener) -> None:
    sandbox.deliver_call(call(), events=("call_ended",), key="key_of_a_company", public_id="a" * 22)
    [request] = listener.wait_for(1)
    assert request["path"] == f"/webhooks/retell/{'a' * 22}/"
    signature = request["headers"]["X-Retell-Signature"]
    assert symmetric["verify"](request["body"].decode(), "key_of_a_company", signature)


def test_it_refuses_more_requests_than_its_limit(
    retell: Retell, sandbox: SandboxClient, conforms: Callable[..., None]
) -> None:
    sandbox.switch(retell_rate_limit=2)
    answers = [retell.listed() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    conforms("retell", answers[-1])


def test_it_keeps_calls_whose_webhooks_nobody_took(retell: Retell, sandbox: SandboxClient) -> None:
    sandbox.deliver_call(call("call_unheard"))
    assert {delivery["status"] for delivery in sandbox.deliveries("retell")} == {0}
    assert retell.request("GET", "/v2/get-call/call_unheard").json()["call_id"] == "call_unheard"


def test_an_erased_call_is_gone_for_good(retell: Retell, sandbox: SandboxClient, conforms: Callable[..., None]) -> None:
    keep(sandbox, call())
    answer = retell.request("DELETE", f"/v2/delete-call/{call()['call_id']}")
    conforms("retell", answer)
    assert (answer.status_code, answer.content) == (204, b"")
    assert retell.request("GET", f"/v2/get-call/{call()['call_id']}").status_code == 422
    assert retell.listed().json()["items"] == []
    again = retell.request("DELETE", f"/v2/delete-call/{call()['call_id']}")
    conforms("retell", again)
    assert again.status_code == 422
