"""Retell's API, asked at the sandbox."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from askpro.dev.sandbox.testing import running_sandbox
from askpro.queues.errors import JobError, RateLimited, Rejected, Unavailable
from calls.retell import client
from calls.retell.client import PAGE, for_key
from calls.retell.errors import KeyRefused, UnknownCall
from tests.calls.recorded import recorded
from tests.gates import let_pass

pytestmark = pytest.mark.django_db

KEY = LOCAL["RETELL_API_KEYS"]
SINCE, UNTIL = datetime(2026, 12, 1, 9, tzinfo=UTC), datetime(2026, 12, 1, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def sandbox_process() -> Iterator[SandboxClient]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def sandbox(sandbox_process: SandboxClient, settings: Any) -> SandboxClient:
    sandbox_process.reset()
    settings.RETELL_BASE_URL = f"{sandbox_process.url}/retell"
    settings.VENDOR_TIMEOUT = 5.0
    return sandbox_process


def keep(sandbox: SandboxClient, call_id: str, ended: datetime = SINCE, **changes: Any) -> dict[str, Any]:
    times = {"end_timestamp": round(ended.timestamp() * 1000), "start_timestamp": round(ended.timestamp() * 1000) - 1}
    call = recorded("call_analyzed")["call"] | {"call_id": call_id, "call_status": "ended"} | times | changes
    sandbox.deliver_call(call, events=())
    return call


def listed() -> list[str]:
    return [item["call_id"] for page in for_key(KEY).ended_between(SINCE, UNTIL) for item in page]


def test_it_lists_the_calls_that_ended_in_the_time_first_and_last_moment_included(sandbox: SandboxClient) -> None:
    moments = {"early": 8, "first": 9, "last": 10, "late": 11}
    for name, hour in moments.items():
        keep(sandbox, f"call_{name}", datetime(2026, 12, 1, hour, tzinfo=UTC))
    assert listed() == ["call_first", "call_last"]


def test_it_follows_the_pages_to_the_end(sandbox: SandboxClient) -> None:
    for number in range(2 * PAGE + 1):
        keep(sandbox, f"call_{number:04}")
    assert len(set(listed())) == 2 * PAGE + 1


def test_it_lists_the_calls_that_were_never_connected(sandbox: SandboxClient) -> None:
    keep(sandbox, "call_ended")
    never = recorded("call_analyzed.not_connected")["call"] | {"call_id": "call_never"}
    sandbox.deliver_call(never, events=())
    assert [item["call_id"] for page in for_key(KEY).not_connected() for item in page] == ["call_never"]


def test_it_gets_a_call_with_its_transcript(sandbox: SandboxClient) -> None:
    call = keep(sandbox, "call_whole")
    assert for_key(KEY).get_call("call_whole") == call


@pytest.mark.parametrize("call_id", ["call_unknown", "../list-calls", "call?x", "", "call_ü"])
def test_an_id_that_retell_does_not_know_is_unknown(sandbox: SandboxClient, call_id: str) -> None:
    with pytest.raises(UnknownCall):
        for_key(KEY).get_call(call_id)


def test_a_wrong_key_is_refused(sandbox: SandboxClient) -> None:
    with pytest.raises(KeyRefused) as refused:
        for_key("key_wrong").get_call("call_one")
    assert "key_wrong" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "of_one", "of_list"),
    [
        (400, Rejected, Rejected),
        (401, KeyRefused, KeyRefused),
        (402, Rejected, Rejected),
        (403, Rejected, Rejected),
        (404, UnknownCall, Rejected),
        (422, UnknownCall, Rejected),
        (408, Unavailable, Unavailable),
        (409, Unavailable, Unavailable),
        (429, RateLimited, RateLimited),
        (500, Unavailable, Unavailable),
        (503, Unavailable, Unavailable),
    ],
)
def test_each_status_means_what_the_contract_says(
    sandbox: SandboxClient, status: int, of_one: type[JobError], of_list: type[JobError]
) -> None:
    keep(sandbox, "call_one")
    sandbox.fault("retell.*", status=status, times=2)
    with pytest.raises(of_one) as error:
        for_key(KEY).get_call("call_one")
    assert type(error.value) is of_one or issubclass(type(error.value), of_one)
    let_pass(120)
    with pytest.raises(of_list):
        listed()


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"items": {}, "has_more": False},
        {"items": [], "has_more": "no"},
        {"items": [], "has_more": True},
        {"items": [], "has_more": True, "pagination_key": 7},
    ],
)
def test_a_page_that_cannot_be_read_is_no_end_of_the_list(sandbox: SandboxClient, body: Any) -> None:
    sandbox.fault("retell.list_calls", status=200, body=body)
    with pytest.raises(Unavailable):
        listed()


def test_a_list_that_leads_back_to_itself_ends(sandbox: SandboxClient) -> None:
    circle = {"items": [], "has_more": True, "pagination_key": "again"}
    sandbox.fault("retell.list_calls", status=200, body=circle, times=9)
    with pytest.raises(Unavailable, match="does not lead to the next"):
        listed()


def test_a_list_without_end_ends(sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_PAGES", 1)
    for number in range(PAGE + 1):
        keep(sandbox, f"call_{number:04}")
    with pytest.raises(Unavailable, match="does not end"):
        listed()


def test_an_answer_about_another_call_is_none(sandbox: SandboxClient) -> None:
    sandbox.fault("retell.get_call", status=200, body={"call_id": "call_other"})
    with pytest.raises(Unavailable):
        for_key(KEY).get_call("call_one")


def test_a_call_may_be_as_large_as_a_webhook_and_no_larger(sandbox: SandboxClient, settings: Any) -> None:
    settings.VENDOR_MAX_BYTES, settings.WEBHOOK_MAX_BYTES = 1_000, 200_000
    keep(sandbox, "call_long", transcript="User: Ja. " * 10_000)
    assert len(for_key(KEY).get_call("call_long")["transcript"]) == 100_000
    keep(sandbox, "call_endless", transcript="User: Ja. " * 30_000)
    with pytest.raises(Unavailable):
        for_key(KEY).get_call("call_endless")


def test_a_question_that_got_no_answer_is_no_write_of_unknown_outcome(sandbox: SandboxClient) -> None:
    sandbox.fault("retell.list_calls", drop="after")
    with pytest.raises(Unavailable):
        listed()


def test_it_erases_a_call_once(sandbox: SandboxClient) -> None:
    keep(sandbox, "call_one")
    for_key(KEY).delete_call("call_one")
    assert sandbox.calls() == []
    with pytest.raises(UnknownCall):
        for_key(KEY).delete_call("call_one")


def test_an_erasure_that_got_no_answer_is_tried_again(sandbox: SandboxClient) -> None:
    keep(sandbox, "call_one")
    sandbox.fault("retell.delete_call", drop="after")
    with pytest.raises(Unavailable):
        for_key(KEY).delete_call("call_one")
    with pytest.raises(UnknownCall):
        for_key(KEY).delete_call("call_one")
