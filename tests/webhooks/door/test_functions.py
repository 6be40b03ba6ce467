"""The functions of Retell's agents at the door: who may ask, and what is answered to whom."""

import time
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError, connection
from django.test import Client

from askpro.dev.sandbox import world
from askpro.dev.sandbox.management.commands.seed_demo import seed
from calls.functions.serving import SERVED
from calls.models import BookingRequest, Call, Company, FunctionCall
from tests.calls.functions.caller import Conversation, ask
from tests.webhooks.signing import retell_signature
from webhooks.models import Provider, RefusedWebhook, WebhookAddress, WebhookEvent

pytestmark = pytest.mark.django_db
Reason = RefusedWebhook.Reason


@pytest.fixture
def salon() -> Company:
    return seed(world.SALON)


def body(**call: Any) -> dict[str, Any]:
    return {"name": "list_services", "call": Conversation(**call).says().told(), "args": {}}


def refusals() -> dict[str, int]:
    return dict(RefusedWebhook.objects.values_list("reason", "count"))


@pytest.mark.parametrize("name", ["list_services", "list_services_v17", "list-services", "LIST_SERVICES_3"])
def test_a_function_is_served_under_its_name_with_or_without_a_version(salon: Company, name: str) -> None:
    answer = ask(name, body())
    assert (answer.status_code, answer.json()["status"]) == (200, "services")
    assert answer.json()["spoken"] == "Wir bieten Bartpflege, Färben und Haarschnitt an."
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize("name", ["termin_buchen", "list_services_vx", "book", "x" * 64])
def test_another_function_is_not_found(name: str) -> None:
    assert ask(name, body()).status_code == 404


def test_only_a_post_is_taken() -> None:
    for function in SERVED:
        assert Client().get(f"/webhooks/retell/functions/{function}/").status_code == 405


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        ("", Reason.MISSING_SIGNATURE),
        ("v=1,d=00", Reason.BAD_SIGNATURE),
        (retell_signature(b"{}", "key_test_unknown"), Reason.BAD_SIGNATURE),
    ],
    ids=["missing", "not hex", "unknown key"],
)
def test_what_is_not_signed_is_refused_and_counted(signature: str, reason: Reason) -> None:
    assert ask("list_services", b"{}", signature=signature).status_code == 401
    assert refusals() == {reason: 1}


@pytest.mark.parametrize(("milliseconds", "reason"), [(-400_000, Reason.STALE), (900_000, Reason.FUTURE)])
def test_what_was_signed_at_another_time_is_refused_and_counted(milliseconds: int, reason: Reason) -> None:
    signature = retell_signature(b"{}", at_ms=time.time_ns() // 1_000_000 + milliseconds)
    assert ask("list_services", b"{}", signature=signature).status_code == 401
    assert refusals() == {reason: 1}


def test_a_body_over_the_cap_is_refused(settings: Any) -> None:
    settings.WEBHOOK_MAX_BYTES = 100
    assert ask("list_services", body()).status_code == 413


@pytest.mark.parametrize(
    "hostile",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"call": null}',
        b'{"call": {"call_id": "undefined"}}',
        b'{"call": {"call_id": "call_1234", "start_timestamp": "gestern"}, "args": {}}',
        b'{"call": {"call_id": 7}, "args": []}',
    ],
)
def test_incident_15_what_is_no_call_is_refused(hostile: bytes) -> None:
    assert ask("list_services", hostile).status_code == 400
    assert refusals() == {Reason.MALFORMED: 1}


@pytest.mark.parametrize(
    "arguments",
    [None, [], "text", 7, {"date": {"a": [1, {"b": "\x00"}]}}, {"date": "x" * 50_000}, {"date": 10**400, "time": None}],
)
def test_hostile_arguments_are_asked_about(salon: Company, arguments: object) -> None:
    asked = body() | {"args": arguments}
    answer = ask("book_appointment", asked)
    assert (answer.status_code, answer.json()["status"]) == (200, "ask")


def test_hostile_turns_count_for_nothing(salon: Company) -> None:
    asked = body()
    asked["call"]["transcript_with_tool_calls"] = [None, 7, {"role": ["user"]}, {"role": "user"}, "x"]
    assert ask("list_services", asked).status_code == 200


def test_arguments_may_stand_beside_the_call(salon: Company) -> None:
    asked = body()
    del asked["args"], asked["name"]
    assert ask("list_services", asked | {"language": "English"}).json()["spoken"].startswith("We offer")


@pytest.mark.parametrize(
    ("name", "is_callers"), [("Jürgen Weiß", True), ("request_callback_v3", False), ("rückruf", False)]
)
def test_a_name_beside_the_call_is_the_callers_if_it_looks_like_one(
    salon: Company, name: str, is_callers: bool
) -> None:
    asked = {"name": name, "call": body()["call"], "concern": "Frage"}
    assert ask("request_callback", asked).json()["status"] == "callback"
    assert BookingRequest.objects.get().name == (name if is_callers else "")


def test_the_contracts_example_is_read(salon: Company, contracts: Path) -> None:
    example = (contracts / "examples/retell/custom_function.request.json").read_bytes()
    assert ask("list_services", example).json()["status"] == "services"


def test_incident_16_a_number_that_nobody_has_is_served_honest_words_and_no_company(salon: Company) -> None:
    answer = ask("list_services", body(to_number="+493023125999", agent_id="agent_unknown"))
    assert (answer.status_code, answer.json()["status"]) == (200, "not_served")
    assert not Call.objects.exists()


def test_the_agent_decides_where_the_number_is_not_told(salon: Company) -> None:
    assert ask("list_services", body(to_number="")).json()["status"] == "services"


def test_a_companys_own_address_serves_that_company_alone(salon: Company) -> None:
    practice = seed(world.PRACTICE)
    address = WebhookAddress.objects.create(company=salon, provider=Provider.RETELL)
    address.add_secret("key_of_the_salon")
    own = ask("list_services", body(), "key_of_the_salon", address.public_id)
    assert own.json()["status"] == "services"
    # The shared key no longer speaks for it, nor its key for another company.
    assert ask("list_services", body()).status_code == 401
    other = body(to_number=world.PRACTICE.branch.number, agent_id="")
    assert ask("list_services", other, "key_of_the_salon", address.public_id).status_code == 401
    assert refusals() == {Reason.OTHER_TENANT: 2}
    assert set(Call.objects.values_list("company", flat=True)) == {salon.pk} != {practice.pk}


def test_an_unknown_address_is_not_found(salon: Company) -> None:
    assert ask("list_services", body(), public_id="x" * 22).status_code == 404
    assert refusals() == {Reason.NO_ADDRESS: 1}


def test_it_is_asked_again_later_when_the_database_is_away() -> None:
    with mock.patch.object(connection, "ensure_connection", side_effect=OperationalError("gone")):
        answer = ask("list_services", body())
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_a_bug_is_answered_in_words_and_may_be_asked_again(salon: Company) -> None:
    asked = body()
    with mock.patch.dict("calls.functions.serving.SERVED", {"list_services": mock.Mock(side_effect=KeyError("x"))}):
        assert ask("list_services", asked).json()["status"] == "failed"
    assert not FunctionCall.objects.exists()
    assert ask("list_services", asked).json()["status"] == "services"


def test_a_call_that_has_ended_is_not_worked_on_any_more(salon: Company) -> None:
    asked = body()
    ask("list_services", asked)
    Call.objects.update(status=Call.Status.ENDED)
    assert ask("request_callback", asked).json()["status"] == "over"


def test_nothing_of_the_question_is_logged_or_stored(salon: Company, caplog: pytest.LogCaptureFixture) -> None:
    asked = body() | {"args": {"service": "Geheimnis", "date": "Gestern"}}
    ask("check_availability", asked)
    assert "Geheimnis" not in caplog.text
    row = FunctionCall.objects.get()
    assert "Geheimnis" not in str({name: getattr(row, name) for name in ("key", "answer", "name")})


def test_the_words_of_a_call_whose_owner_restricts_storage_are_not_kept(salon: Company) -> None:
    asked = body(data_storage_setting="basic_attributes_only", transcript="User: Geheimnis\n")
    ask("request_callback", asked | {"args": {"concern": "Geheimnis"}})
    call = Call.objects.get()
    assert (call.transcript, call.may_be_quoted) == ("", False)
    assert call.booking_requests.get().notes == ""


def test_the_same_bytes_are_the_same_request_whatever_the_agent_says_meanwhile(salon: Company) -> None:
    asked = body()
    ask("list_services", asked)
    asked["call"]["transcript_with_tool_calls"].append({"role": "agent", "content": "Einen Moment, bitte."})
    ask("list_services_v2", asked | {"args": {"execution_message": "Ich sehe nach."}})
    assert FunctionCall.objects.get().repeats == 1
    asked["call"]["transcript_with_tool_calls"].append({"role": "user", "content": "Hallo?"})
    ask("list_services", asked)
    assert FunctionCall.objects.count() == 2


def test_the_transcript_alone_tells_the_place_too(salon: Company) -> None:
    asked = {"call": {**Conversation().call, "transcript": "Agent: Hallo.\nUser: Was gibt es?\n"}, "args": {}}
    ask("list_services", asked)
    asked["call"]["transcript"] += "User: Noch einmal.\n"
    ask("list_services", asked)
    assert FunctionCall.objects.count() == 2
