"""AskPro understands the demo calls, they look like Retell's, and the command reports if nothing comes of them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from django.core.management import CommandError, call_command

from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.demo.call import call_object
from askpro.dev.sandbox.demo.callers import Caller
from askpro.dev.sandbox.demo.scenarios import SCENARIOS
from askpro.dev.sandbox.management.commands.seed_demo import seed
from askpro.dev.sandbox.retell.events import shown
from askpro.dev.sandbox.world import SALON
from calls.german.moment import Moment
from calls.german.opening_hours import OpeningHours
from calls.german.time import parse_wish
from calls.retell.call import parse_call
from calls.wishes.extraction import extract
from tests.dev.sandbox.listener import Listener

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 12, 1, 9, 15, tzinfo=UTC)
CALLER = Caller("Jürgen", "Weiß", "+4915550100123", "juergen.weiss@example.org")
SLOTS = [datetime(2026, 12, 3, 13, 0, tzinfo=BERLIN) + timedelta(days=day, minutes=30 * day) for day in range(9)]


def played(name: str, slot: datetime = SLOTS[0]) -> dict[str, Any]:
    return call_object(SCENARIOS[name], CALLER, slot, NOW)


def understood(call: dict[str, Any]) -> Any:
    """When AskPro believes the caller wants to come."""
    wish = extract(parse_call({"event": "call_analyzed", "call": call})).wishes[0]
    hours = OpeningHours.from_json(SALON.branch.opening_hours)
    return parse_wish(wish.date_words, wish.time_words, said_at=NOW, zone=BERLIN, opening_hours=hours)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_call_is_one_of_retells(contracts: Path, name: str) -> None:
    schemas = json.loads((contracts / "specs" / "retell-sdk-6.2.13.schemas.json").read_text())
    jsonschema.validate(played(name), schemas["PhoneCallResponse"])


@pytest.mark.parametrize("slot", SLOTS, ids=str)
def test_it_says_the_time_so_that_it_is_understood(slot: datetime) -> None:
    moment = understood(played("booked", slot))
    assert isinstance(moment, Moment)
    assert moment.starts_at == slot


def test_an_unclear_date_is_unclear() -> None:
    assert not isinstance(understood(played("unclear_date")), Moment)


def test_the_caller_consents_unless_anonymous() -> None:
    consents = {
        name: extract(parse_call({"event": "call_ended", "call": played(name)})).wishes[0].sms_consent
        for name in ("booked", "anonymous")
    }
    assert consents == {"booked": True, "anonymous": False}
    assert played("anonymous")["from_number"] == "anonymous"


def test_each_call_has_an_id_of_its_own() -> None:
    assert played("booked")["call_id"] != played("booked")["call_id"]


def test_what_was_said_is_not_known_when_the_call_begins() -> None:
    started = shown("call_started", played("booked"))
    assert "Weiß" not in json.dumps(started, ensure_ascii=False)


@pytest.fixture
def demo(settings: Any, sandbox: SandboxClient, listener: Listener) -> Listener:
    sandbox.switch(webhooks="off", calcom_clock_seconds=0)
    settings.SANDBOX_URL, settings.PUBLIC_URL = sandbox.url, listener.url
    return listener


@pytest.mark.django_db
def test_demo_call_names_what_did_not_happen(demo: Listener, capsys: pytest.CaptureFixture[str]) -> None:
    seed(SALON)
    with pytest.raises(CommandError, match=r"Did not happen: Call, Customer, Cal\.com, Appointment, SMS, E-mail"):
        call_command("demo_call", timeout=0.1, json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["scenario"]) == (False, "booked")
    assert len(demo.requests) == 3


@pytest.mark.django_db
def test_demo_call_redelivers_the_end_five_times(demo: Listener) -> None:
    seed(SALON)
    with pytest.raises(CommandError, match="Did not happen"):
        call_command("demo_call", scenario="redelivered", timeout=0.1, json=True)
    events = [json.loads(request["body"])["event"] for request in demo.requests]
    assert events == ["call_started", *["call_ended"] * 5, "call_analyzed"]


@pytest.mark.django_db
def test_demo_call_lets_the_slot_be_taken_first(demo: Listener, sandbox: SandboxClient) -> None:
    seed(SALON)
    taken: list[int] = []
    demo.on_request = lambda: taken.append(len(sandbox.bookings("accepted")))
    with pytest.raises(CommandError, match="Follow-up"):
        call_command("demo_call", scenario="slot_gone", timeout=0.1, json=True)
    assert taken == [1, 1, 1]


@pytest.mark.django_db
def test_demo_call_says_when_askpro_does_not_accept(demo: Listener) -> None:
    seed(SALON)
    demo.statuses = [401] * 3
    with pytest.raises(CommandError, match="did not accept 3 of 3"):
        call_command("demo_call", json=True)


@pytest.mark.django_db
def test_demo_call_says_how_to_make_the_demo_company(demo: Listener) -> None:
    with pytest.raises(CommandError, match="seed_demo"):
        call_command("demo_call")


@pytest.mark.django_db
def test_demo_call_says_how_to_start_the_sandbox(settings: Any) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match=r"manage\.py up"):
        call_command("demo_call")
