"""Twilio's Messages: which are accepted, which refused with which code, and what is reported afterwards."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from askpro.dev.sandbox.twilio.checks import segments
from tests.dev.sandbox.listener import Listener
from tests.dev.sandbox.vendors import MOBILE, SENDER, Twilio

SERVICE = LOCAL["TWILIO_MESSAGING_SERVICE_SID"]


def form(request: dict[str, Any]) -> dict[str, str]:
    return dict(parse_qsl(request["body"].decode(), keep_blank_values=True))


def test_it_takes_a_message_from_a_number(twilio: Twilio, conforms: Callable[..., None], contracts: Path) -> None:
    answer = twilio.send(Body="Grüße, Ihr Termin steht.")
    conforms("twilio", answer)
    data = answer.json()
    theirs = json.loads((contracts / "examples/twilio/api.create_message.from_number.201.json").read_text())
    assert answer.status_code == 201
    assert data.keys() == theirs.keys()
    assert (data["status"], data["from"], data["num_segments"], data["price"]) == ("queued", SENDER, "1", None)


def test_it_takes_a_message_for_a_service_that_picks_the_number(twilio: Twilio, conforms: Callable[..., None]) -> None:
    answer = twilio.send(From="", MessagingServiceSid=SERVICE)
    conforms("twilio", answer)
    data = answer.json()
    assert (data["status"], data["from"], data["num_segments"]) == ("accepted", None, "0")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "+4915"}, 21211),
        ({"To": "030 23125100"}, 21211),
        ({"To": SENDER}, 21211),
        ({"To": "+493023125777"}, 21614),
        ({"From": ""}, 21603),
        ({"From": "+493023125100"}, 21606),
        ({"From": "SalonKaetheGruen"}, 21212),
        ({"From": "", "MessagingServiceSid": "MG" + "0" * 32}, 21701),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"StatusCallback": "askpro"}, 21609),
        ({"StatusCallback": "https://ask_pro.example/"}, 21609),
        ({"ValidityPeriod": "36001"}, 21624),
    ],
)
def test_it_refuses_by_code(
    twilio: Twilio, sandbox: SandboxClient, conforms: Callable[..., None], more: dict[str, str], code: int
) -> None:
    answer = twilio.send(**more)
    if answer.status_code in (400, 404):
        conforms("twilio", answer)
    body = answer.json()
    assert (body["code"], body["status"]) == (code, answer.status_code)
    assert body["more_info"].endswith(f"/{code}")
    assert sandbox.messages() == []


@pytest.mark.parametrize("sender", ["SalonGruen", "Salon 7", "A", "Kaethe Grue", SERVICE])
def test_it_takes_a_name_or_a_service_for_a_sender(twilio: Twilio, sender: str) -> None:
    assert twilio.send(From=sender).status_code == 201


@pytest.mark.parametrize("sender", ["Salon Kaethe", "Käthe", "Grün & Co", "12345", "Salon-Gruen", "030 23125199"])
def test_it_refuses_a_name_that_is_none(twilio: Twilio, sender: str) -> None:
    assert twilio.send(From=sender).json()["code"] == 21212


def test_an_error_code_may_come_second(twilio: Twilio, sandbox: SandboxClient, listener: Listener) -> None:
    sandbox.switch(sms_outcome="undelivered", sms_error_code=30005, sms_error_code_later=True)
    twilio.send(StatusCallback=listener.url)
    told = [(form(request)["MessageStatus"], form(request).get("ErrorCode")) for request in listener.wait_for(3)]
    assert told == [("sent", None), ("undelivered", None), ("undelivered", "30005")]


def test_it_refuses_a_wrong_token_and_a_wrong_account(twilio: Twilio, conforms: Callable[..., None]) -> None:
    answer = twilio.request("POST", ".json", data={}, auth=(twilio.account, "wrong"))
    conforms("twilio", answer)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    twilio.url = twilio.url.replace(twilio.account, "AC" + "0" * 32)
    answer = twilio.send()
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def test_it_calls_back_each_step_signed(twilio: Twilio, listener: Listener) -> None:
    callback = f"{listener.url}/webhooks/twilio/?ref=9f7b2c1a"
    sid = twilio.send(StatusCallback=f"{callback}#rc=3&rp=ct,rt,5xx").json()["sid"]

    requests = listener.wait_for(2)

    assert [form(request)["MessageStatus"] for request in requests] == ["sent", "delivered"]
    validator = RequestValidator(LOCAL["TWILIO_AUTH_TOKENS"])
    for request in requests:
        assert request["path"] == "/webhooks/twilio/?ref=9f7b2c1a", "the fragment is not sent"
        assert validator.validate(callback, form(request), request["headers"]["X-Twilio-Signature"])
        assert (form(request)["MessageSid"], form(request)["SmsSid"]) == (sid, sid)
        assert (form(request)["To"], form(request)["From"]) == (MOBILE, SENDER)


def test_it_calls_back_queued_too_when_a_service_picks_the_number(twilio: Twilio, listener: Listener) -> None:
    twilio.send(From="", MessagingServiceSid=SERVICE, StatusCallback=listener.url)
    statuses = [form(request)["MessageStatus"] for request in listener.wait_for(3)]
    assert statuses == ["queued", "sent", "delivered"]
    assert form(listener.requests[0])["MessagingServiceSid"] == SERVICE


def test_it_ends_a_message_as_it_is_told_to(twilio: Twilio, sandbox: SandboxClient, listener: Listener) -> None:
    sandbox.switch(sms_outcome="undelivered", sms_error_code=30005)
    sid = twilio.send(StatusCallback=listener.url).json()["sid"]
    last = form(listener.wait_for(2)[-1])
    assert (last["MessageStatus"], last["ErrorCode"]) == ("undelivered", "30005")
    answer = twilio.request("GET", f"/{sid}.json").json()
    assert (answer["status"], answer["error_code"]) == ("undelivered", 30005)


def test_it_calls_back_in_any_order_that_is_asked_for(
    twilio: Twilio, sandbox: SandboxClient, listener: Listener
) -> None:
    sandbox.switch(sms_outcome="queued")
    sid = twilio.send(StatusCallback=listener.url).json()["sid"]
    sandbox.report_sms(sid, "delivered")
    sandbox.report_sms(sid, "sent")
    assert [form(request)["MessageStatus"] for request in listener.wait_for(2)] == ["delivered", "sent"]


@pytest.mark.parametrize(("fragment", "tries"), [("", 1), ("#rc=2&rp=5xx", 3), ("#rc=2&rp=ct", 1)])
def test_it_tries_a_callback_again_only_as_far_as_the_url_says(
    twilio: Twilio, sandbox: SandboxClient, listener: Listener, fragment: str, tries: int
) -> None:
    sandbox.switch(sms_outcome="queued")
    sid = twilio.send(StatusCallback=listener.url + "/" + fragment).json()["sid"]
    listener.statuses = [503] * 5
    sandbox.report_sms(sid, "sent")
    assert len(listener.requests) == tries


def test_it_finds_a_message_by_number_and_day(twilio: Twilio, conforms: Callable[..., None]) -> None:
    sid = twilio.send().json()["sid"]
    twilio.send(To="+4915550100124")
    day = twilio.request("GET", f"/{sid}.json").json()["date_created"]
    assert day.endswith("+0000")

    found = twilio.request("GET", ".json", params={"To": MOBILE, "DateSent>": "2020-01-01"})
    none = twilio.request("GET", ".json", params={"To": MOBILE, "DateSent<": "2020-01-01"})

    conforms("twilio", found)
    assert [message["sid"] for message in found.json()["messages"]] == [sid]
    assert none.json()["messages"] == []


def test_it_lists_in_pages_newest_first(twilio: Twilio) -> None:
    sids = [twilio.send().json()["sid"] for _ in range(3)]
    first = twilio.request("GET", ".json", params={"PageSize": "2"}).json()
    assert [message["sid"] for message in first["messages"]] == sids[:0:-1]
    base = twilio.url.split("/2010-04-01")[0]
    second = twilio.session.get(base + first["next_page_uri"], auth=(twilio.account, twilio.token), timeout=10).json()
    assert [message["sid"] for message in second["messages"]] == sids[:1]
    assert second["next_page_uri"] is None


def test_it_says_404_to_an_unknown_message(twilio: Twilio, conforms: Callable[..., None]) -> None:
    answer = twilio.request("GET", f"/SM{'0' * 32}.json")
    conforms("twilio", answer)
    assert answer.json()["code"] == 20404


def test_a_stop_is_told_of_and_obeyed_until_a_start(twilio: Twilio, sandbox: SandboxClient, listener: Listener) -> None:
    sandbox.inbound_sms(MOBILE, " Stop ")
    request = listener.wait_for(1)[0]
    assert (form(request)["OptOutType"], form(request)["From"], form(request)["SmsStatus"]) == (
        "STOP",
        MOBILE,
        "received",
    )
    url = f"{listener.url}/webhooks/twilio/"
    signature = request["headers"]["X-Twilio-Signature"]
    assert RequestValidator(LOCAL["TWILIO_AUTH_TOKENS"]).validate(url, form(request), signature)
    assert twilio.send().json()["code"] == 21610

    sandbox.inbound_sms(MOBILE, "START")
    assert twilio.send().status_code == 201


@pytest.mark.parametrize(
    ("letter", "number", "count"),
    [
        ("ä", 160, 1),
        ("ä", 161, 2),
        ("€", 80, 1),
        ("€", 81, 2),
        ("„", 70, 1),
        ("„", 71, 2),
        ("🙂", 35, 1),
        ("🙂", 36, 2),
    ],
)
def test_it_counts_segments(letter: str, number: int, count: int) -> None:
    assert segments(letter * number) == count


def test_an_erased_message_is_gone(twilio: Twilio, sandbox: SandboxClient, conforms: Callable[..., None]) -> None:
    sid = twilio.send().json()["sid"]
    early = twilio.request("DELETE", f"/{sid}.json")
    assert (early.status_code, early.json()["code"]) == (409, 20009)
    sandbox.report_sms(sid, "delivered")
    answer = twilio.request("DELETE", f"/{sid}.json")
    conforms("twilio", answer)
    assert (answer.status_code, answer.content) == (204, b"")
    assert [twilio.request(method, f"/{sid}.json").status_code for method in ("GET", "DELETE")] == [404, 404]


def test_what_customers_send_is_stored_until_it_is_erased(
    twilio: Twilio, sandbox: SandboxClient, conforms: Callable[..., None]
) -> None:
    sandbox.inbound_sms(MOBILE, "ABSAGE")
    [message] = sandbox.received()
    assert (message["from"], message["body"], message["direction"]) == (MOBILE, "ABSAGE", "inbound")
    listed = twilio.request("GET", ".json", params={"From": MOBILE})
    conforms("twilio", listed)
    assert [item["sid"] for item in listed.json()["messages"]] == [message["sid"]]
    assert twilio.request("DELETE", f"/{message['sid']}.json").status_code == 204
    assert sandbox.received() == []
