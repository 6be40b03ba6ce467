"""docs/first-company.md leads to a company that books its first call: its commands are followed to the letter."""

import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from appointments.models import Appointment
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.courier import retell_signature
from askpro.dev.sandbox.credentials import LOCAL
from askpro.dev.sandbox.demo.call import call_object
from askpro.dev.sandbox.demo.callers import Caller
from askpro.dev.sandbox.demo.scenarios import COLOUR, Scenario
from askpro.dev.sandbox.retell import events
from askpro.dev.sandbox.retell.events import ANALYZED, ENDED, STARTED
from askpro.queues.testing import run_jobs
from calls.models import Call, Company
from tests.appointments.conftest import SANDBOX_NOW
from tests.appointments.salon import BERLIN

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/first-company.md").read_text("utf-8")
COMMANDS = re.findall(r"^python3 manage\.py (.+)$", TEXT, re.MULTILINE)
CALLER = Caller("Ayşe", "Demir", "+4915550100456", "ayse.demir@example.org")
SLOT = (SANDBOX_NOW + timedelta(days=2)).astimezone(BERLIN).replace(hour=14, minute=0)


@pytest.fixture
def vendors(sandbox: SandboxClient, settings: Any) -> SandboxClient:
    settings.CALCOM_API_KEY = LOCAL["CALCOM_API_KEY"]
    settings.RETELL_API_KEYS = [LOCAL["RETELL_API_KEYS"]]
    settings.TWILIO_BASE_URL = f"{sandbox.url}/twilio"
    settings.TWILIO_ACCOUNT_SID = LOCAL["TWILIO_ACCOUNT_SID"]
    settings.TWILIO_AUTH_TOKENS = [LOCAL["TWILIO_AUTH_TOKENS"]]
    sandbox.switch(twilio_clock_seconds=sandbox.state()["switches"]["calcom_clock_seconds"], webhook_urls="any")
    return sandbox


def run(line: str) -> str:
    out = io.StringIO()
    call_command(*[word.strip('"') for word in re.findall(r'"[^"]+"|\S+', line)], stdout=out, stderr=out)
    return out.getvalue()


def tell(call: dict[str, Any]) -> None:
    """As Retell does, at the test's own time."""
    for event in (STARTED, ENDED, ANALYZED):
        body = events.body(event, call)
        signature = retell_signature(LOCAL["RETELL_API_KEYS"], body)
        headers = {"X-Retell-Signature": signature}
        assert Client().post("/webhooks/retell/", body, "application/json", headers=headers).status_code == 204


def test_each_command_does_what_it_says_and_the_first_call_is_booked(
    vendors: SandboxClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "company.yaml").write_bytes((ROOT / "deploy/company.example.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    check, write, connect, schema, resolve, balance = COMMANDS
    assert "would be written" in run(check)
    assert "written" in run(write)
    assert "Nothing is missing." in run(connect)
    assert "book_appointment" in run(schema)
    told = run(resolve)
    assert "salon-zaunkoenig (Salon Zaunkönig)" in told and "can book 1 of 1 services" in told

    scenario = Scenario("first", "", event_type=COLOUR, to_number="+493023125160")
    tell(call_object(scenario, CALLER, SLOT, SANDBOX_NOW))
    run_jobs()
    assert Call.objects.get().outcome == "booked"
    assert Appointment.objects.get().starts_at == SLOT
    assert len(vendors.messages(CALLER.phone)) == 1
    assert "Everything adds up." in run(balance)
    assert Company.objects.get().slug in balance
