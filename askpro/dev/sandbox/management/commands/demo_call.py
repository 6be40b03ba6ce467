import json
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from askpro.dev.sandbox.calcom.text import parsed
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import Credentials
from askpro.dev.sandbox.demo import german
from askpro.dev.sandbox.demo.call import call_object
from askpro.dev.sandbox.demo.callers import somebody
from askpro.dev.sandbox.demo.scenarios import SCENARIOS, Scenario
from askpro.dev.sandbox.demo.sightings import Sighting, Watch
from askpro.dev.sandbox.world import SALON, TIMEZONE
from calls.models import PhoneNumber

LOOK_EVERY = 0.05
# A second confirmation would come within this time.
SETTLE = 0.5
# People call a few days ahead and mostly want the afternoon.
EARLIEST, LATEST = timedelta(days=2), timedelta(days=21)
HOURS = range(13, 18)
# A caller who knows what she wants.
PLAIN: dict[str, Any] = {
    **dict.fromkeys(
        ("names_day_only", "only_looks", "anonymous", "rival", "slow", "versioned", "at_root", "hangs_up"), False
    ),
    **dict.fromkeys(("asks_services", "looks_first", "agrees"), True),
    "language": "de",
    "style": "weekday",
    "repeats": 0.0,
}


class Command(BaseCommand):
    help = "Send one phone call to the real webhook endpoint and follow what happens."

    def add_arguments(self, parser: CommandParser) -> None:
        about = " ".join(f"{scenario.name}: {scenario.about}" for scenario in SCENARIOS.values())
        parser.add_argument("--scenario", choices=SCENARIOS, default="booked", help=about)
        parser.add_argument("--url", help="AskPro's address, if it is not ASKPRO_PUBLIC_URL.")
        parser.add_argument("--timeout", type=float, default=60.0, help="Seconds to wait for everything (60).")
        parser.add_argument("--json", action="store_true", help="Print one JSON object at the end instead.")

    def handle(self, *args: Any, **options: Any) -> None:
        self._quiet, self._began = options["json"], time.monotonic()
        self._seen: list[dict[str, Any]] = []
        scenario = SCENARIOS[options["scenario"]]
        client = self._sandbox(options["url"])
        slot, other = self._free_slots(client, scenario)
        if scenario.talks:
            call_id, number = self._talk(client, scenario, slot)
        else:
            call_id, number = self._play(client, scenario, slot), ""
        watch = Watch(client, call_id)
        missing = self._follow(watch.expected(scenario), options["timeout"])
        if scenario.talks and not missing:
            missing = self._answer(client, watch, number, other, options["timeout"])
        time.sleep(SETTLE)
        self._finish(scenario, call_id, missing, watch.surplus(scenario))

    def _sandbox(self, url: str | None) -> SandboxClient:
        client = SandboxClient(settings.SANDBOX_URL or "http://127.0.0.1:8090")
        if not client.ready():
            raise CommandError("The sandbox does not answer. Start everything first: python3 manage.py up")
        if not PhoneNumber.objects.filter(number=SALON.branch.number, is_active=True).exists():
            raise CommandError("The demo company is missing. Make it: python3 manage.py seed_demo")
        client.switch(askpro_url=(url or settings.PUBLIC_URL).rstrip("/"))
        return client

    def _free_slots(self, client: SandboxClient, scenario: Scenario) -> tuple[datetime, datetime]:
        """Two times on different days that are free at Cal.com and that a person might ask for, in the salon's zone."""
        now = datetime.now(UTC)
        query = f"eventTypeId={scenario.event_type.id}&start={now + EARLIEST:%Y-%m-%d}&end={now + LATEST:%Y-%m-%d}"
        answer = client.calcom(
            "GET", f"/v2/slots?{query}", key=Credentials.from_settings().calcom_key, version="2024-09-04"
        )
        days = answer.json().get("data", {}).values() if answer.ok else []
        free = [parsed(slot["start"]).astimezone(ZoneInfo(TIMEZONE)) for day in days for slot in day]
        likely = [slot for slot in free if slot.hour in HOURS and slot.minute in (0, 30)]
        if not likely:
            raise CommandError(f"Cal.com's stand-in has no free afternoon ({answer.status_code}).")
        later = [slot for slot in likely if slot.date() > likely[0].date()]
        return likely[0], (later or likely)[0]

    def _talk(self, client: SandboxClient, scenario: Scenario, slot: datetime) -> tuple[str, str]:
        """The caller talks to the agent; the call's id and her number."""
        self._line(scenario.about)
        self._began = time.monotonic()
        wish = {"event_type": scenario.event_type.id, "start": slot.isoformat()}
        talk = client.talk(secrets.randbelow(10**6), wish=wish, **PLAIN)
        for asking in talk["askings"]:
            said = f"{asking['function']} in {asking['milliseconds']:.0f} ms → {asking['answer'].get('status', 'none')}"
            self._report("Function", f"{said}\n{asking['answer'].get('spoken', '')}")
        return talk["call_id"], talk["from_number"]

    def _answer(self, client: SandboxClient, watch: Watch, number: str, to: datetime, timeout: float) -> list[str]:
        """The caller answers the SMS and asks for another time; the names of what did not happen then."""
        if not watch.may_answer:
            self._line("She has no SMS to answer before the quiet hours end, so nothing is moved this time.")
            return []
        words = f"VERSCHIEBEN auf {german.day(to)}, {german.clock(to)}"
        client.inbound_sms(number, words)
        self._report("Answer", words)
        return self._follow(watch.moved(to), timeout)

    def _play(self, client: SandboxClient, scenario: Scenario, slot: datetime) -> str:
        """The call with its webhooks; its id."""
        call = call_object(scenario, somebody(), slot, datetime.now(UTC))
        if scenario.slot_gets_taken:
            client.fill(scenario.event_type.id, slot)
        self._line(f"{scenario.about} ({call['call_id']})")
        self._began = time.monotonic()
        try:
            deliveries = client.deliver_call(call, copies=scenario.copies)
        except requests.RequestException as error:
            raise CommandError(f"The sandbox did not deliver the call: {error}") from error
        for delivery in deliveries:
            said = f"{delivery['event']} → {delivery['status'] or delivery['error']} in {delivery['milliseconds']} ms"
            self._report("Webhook", said)
        refused = [delivery for delivery in deliveries if not 200 <= delivery["status"] < 300]
        if refused:
            raise CommandError(
                f"AskPro did not accept {len(refused)} of {len(deliveries)} webhooks at {refused[0]['url']}."
            )
        return str(call["call_id"])

    def _follow(self, expected: list[Sighting], timeout: float) -> list[str]:
        """Report each sighting when it happens; return the names of those that did not."""
        deadline = time.monotonic() + timeout
        while expected and time.monotonic() < deadline:
            for sighting in list(expected):
                if seen := sighting.look():
                    self._report(sighting.name, seen)
                    expected.remove(sighting)
            time.sleep(LOOK_EVERY if expected else 0)
        return [sighting.name for sighting in expected]

    def _finish(self, scenario: Scenario, call_id: str, missing: list[str], surplus: list[str]) -> None:
        if self._quiet:
            told = {"scenario": scenario.name, "call_id": call_id, "ok": not missing and not surplus}
            told |= {"steps": self._seen, "missing": missing, "surplus": surplus}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        if missing:
            raise CommandError(f"Did not happen: {', '.join(missing)}. Look at the console's page of call {call_id}.")
        if surplus:
            raise CommandError(f"Should not have happened: {'; '.join(surplus)}.")
        self._line(self.style.SUCCESS("Everything happened as it should."))

    def _report(self, name: str, seen: str) -> None:
        after = time.monotonic() - self._began
        self._seen.append({"name": name, "after_ms": round(after * 1000), "seen": seen})
        first, *rest = seen.splitlines()
        self._line(f"{after:8.3f} s  {name:<12} {first}")
        for line in rest:
            self._line(f"{'':24}{line}")

    def _line(self, text: str) -> None:
        if not self._quiet:
            self.stdout.write(text)
            self.stdout.flush()
