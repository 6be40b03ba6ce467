"""Twilio's Messages, as the contract describes them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses

from askpro.queues.errors import RateLimited, Rejected, Unavailable, Unknown
from notifications.models import Notification
from notifications.twilio import client as vendor
from notifications.twilio.client import Message, OutgoingSms, Refused, status_callback
from notifications.twilio.errors import REACTIONS, Reaction
from tests.notifications.scene import MOBILE, NOW
from tests.notifications.twilio_api import ACCOUNT, SERVICE, URL, TwilioApi, error, fixture
from webhooks.models import WebhookAddress

# Each request passes its gate.
pytestmark = pytest.mark.django_db

BASE = f"{URL}/2010-04-01/Accounts/{ACCOUNT}/Messages"


def outgoing(**values: Any) -> OutgoingSms:
    defaults = {
        "to": MOBILE,
        "sender": SERVICE,
        "body": "Ihr Termin",
        "callback": status_callback("r-1"),
        "validity": 600,
    }
    return OutgoingSms(**(defaults | values))


def test_it_sends_what_the_contract_shows(contracts: Path) -> None:
    example = json.loads((contracts / "examples" / "twilio" / "api.create_message.request.form.json").read_text())
    sms = outgoing(
        to=example["To"],
        sender=example["MessagingServiceSid"],
        body=example["Body"],
        callback=status_callback("9f7b2c1a"),
        validity=14400,
    )
    assert sms.form() == example


@pytest.mark.parametrize(
    "name", ["create_message.201", "create_message.from_number.201", "get_message.undelivered.200"]
)
def test_it_reads_what_the_contract_shows(contracts: Path, name: str) -> None:
    example = json.loads((contracts / "examples" / "twilio" / f"api.{name}.json").read_text())
    message = Message.from_api(example)
    assert (message.sid, message.status, message.error_code) == (
        example["sid"],
        example["status"],
        example["error_code"],
    )
    assert message.created_at == datetime(2026, 12, 1, 9, 16, 2, tzinfo=UTC)


@pytest.mark.parametrize("code", sorted(code for code in REACTIONS if code < 30000))
def test_it_raises_what_the_reaction_asks_for(twilio: TwilioApi, code: int) -> None:
    twilio.will(error(code))
    expected = {Reaction.LOOK: Unknown, Reaction.SNOOZE: RateLimited}.get(REACTIONS[code], Refused)
    with pytest.raises(expected) as raised:
        vendor.client().send(outgoing())
    if isinstance(raised.value, Refused):
        assert (raised.value.code, raised.value.reaction) == (code, REACTIONS[code])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
@pytest.mark.parametrize("body", ["<html>", "[]", '"x"', '{"code": "21211"}', '{"code": true}', '{"code": 21211}', ""])
def test_it_takes_no_refusal_from_others_than_twilio(twilio: TwilioApi, status: int, body: str) -> None:
    twilio.will((status, {}, body))
    with pytest.raises(Unavailable):
        vendor.client().send(outgoing())


@pytest.mark.parametrize("body", ["{}", '{"messages": null}', '{"messages": {}}', '{"messages": [1]}', "[]", "<html>"])
def test_a_list_that_cannot_be_read_never_means_that_nothing_was_sent(twilio: TwilioApi, body: str) -> None:
    twilio.lists(body)
    with pytest.raises(Unavailable):
        vendor.client().find(MOBILE, "Guten Tag", NOW)


@pytest.mark.parametrize(
    "body", ["<html>", "[]", "null", "{}", '{"sid": 1}', '{"sid": ""}', '{"sid": "' + "S" * 65 + '"}']
)
def test_it_does_not_know_whether_it_was_sent_when_the_answer_makes_no_sense(twilio: TwilioApi, body: str) -> None:
    twilio.will((201, {}, body))
    with pytest.raises(Unknown):
        vendor.client().send(outgoing())


def test_it_is_rejected_when_there_is_no_account(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKENS = []
    with pytest.raises(Rejected, match="TWILIO_AUTH_TOKENS"):
        vendor.client()


def page(messages: list[dict[str, Any]], following: str | None = None) -> str:
    return json.dumps(fixture("list.json") | {"messages": messages, "next_page_uri": following})


def listed(number: int, body: str, created: str) -> dict[str, Any]:
    return fixture("message.json") | {"sid": f"SM{number:032x}", "body": body, "date_created": created}


@responses.activate
def test_it_follows_pages_until_they_are_older_than_the_attempt() -> None:
    second = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?Page=1&PageToken=x"
    young, old = "Tue, 01 Dec 2026 09:16:02 +0000", "Mon, 30 Nov 2026 09:16:02 +0000"
    responses.get(f"{BASE}.json", page([listed(2, "anders", young)], second))
    responses.get(f"{URL}{second}", page([listed(1, "gesucht", young), listed(0, "gesucht", old)], second))
    found = vendor.client().find(MOBILE, "gesucht", NOW)
    assert [message.sid for message in found] == [f"SM{1:032x}"]
    assert len(responses.calls) == 2
    assert responses.calls[0].request.params == {"To": MOBILE, "PageSize": "100"}


@responses.activate
def test_it_finds_a_text_that_twilio_made_plainer() -> None:
    responses.get(f"{BASE}.json", page([listed(1, 'Salon "Anna" - Termin ', "Tue, 01 Dec 2026 09:16:02 +0000")]))
    assert vendor.client().find(MOBILE, "Salon „Anna“ –  Termin", NOW - timedelta(minutes=1))


@responses.activate
@pytest.mark.parametrize(
    "following", ["https://elsewhere.example/x", "//elsewhere.example", "/2010-04-01/Accounts/ACother"]
)
def test_it_carries_its_password_nowhere_else(following: str) -> None:
    responses.get(f"{BASE}.json", page([], following))
    with pytest.raises(Unavailable):
        vendor.client().find(MOBILE, "x", NOW)


@responses.activate
@pytest.mark.parametrize("body", ["<html>", "[]", '{"messages": [1]}', '{"messages": [{"sid": null}]}'])
def test_it_looks_again_later_when_the_list_makes_no_sense(body: str) -> None:
    responses.get(f"{BASE}.json", body)
    with pytest.raises(Unavailable):
        vendor.client().find(MOBILE, "x", NOW)


def test_a_company_with_an_account_of_its_own_sends_from_there_and_is_told_at_its_address(
    sms: Notification, twilio: TwilioApi
) -> None:
    address = WebhookAddress.objects.create(company=sms.company, provider="twilio", account="AC" + "7" * 32)
    address.add_secret("token_of_the_company")
    assert vendor.for_company(sms.company_id)._messages == f"/2010-04-01/Accounts/{address.account}/Messages"
    assert vendor.status_callback("r-1", WebhookAddress.of(sms.company_id, "twilio")).startswith(
        f"https://askpro.example/webhooks/twilio/{address.public_id}/status/?ref=r-1"
    )
    address.retire_secrets()
    assert vendor.for_company(sms.company_id)._messages == f"/2010-04-01/Accounts/{ACCOUNT}/Messages"


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [(204, 0, True), (404, 20404, False), (409, 20009, Unavailable), (401, 20003, Refused)],
)
def test_it_erases_a_message_and_says_if_there_was_none(
    twilio: TwilioApi, status: int, code: int, outcome: bool | type[Exception]
) -> None:
    sid = f"SM{7:032x}"
    twilio.will(error(code, status) if code else (status, {}, ""))
    if isinstance(outcome, bool):
        assert vendor.client().delete(sid) is outcome
    else:
        with pytest.raises(outcome):
            vendor.client().delete(sid)
