"""The client of the sandbox that tests and `demo_call` use."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import requests

from askpro.dev.sandbox.calcom.text import parsed
from askpro.dev.sandbox.world import TIMEZONE

TIMEOUT = 60.0
# Cal.com may hang for each question of the agent.
LONGEST_TALK = 300.0

Json = dict[str, Any]


class SandboxRefused(RuntimeError):
    """The sandbox refused the request; the text says why."""


class SandboxClient:
    """`url` is where the sandbox listens, such as http://127.0.0.1:8090."""

    def __init__(self, url: str, smtp_port: int = 0) -> None:
        self.url = url.rstrip("/")
        self.smtp_port = smtp_port
        self._session = requests.Session()
        self._session.trust_env = False

    def reset(self) -> None:
        """Reset it as if just started: no bookings, messages, mails, calls, deliveries or faults; default switches."""
        self._post("reset")

    def switch(self, **switches: Any) -> None:
        """Change how the vendors behave, such as switch(webhooks="async"); see `askpro.dev.sandbox.switches`."""
        self._post("switches", switches)

    def fault(self, route: str, *, times: int = 1, match: Json | None = None, **fault: Any) -> None:
        """Make `route` fail, see `askpro.dev.sandbox.faults`: fault("calcom.create_booking", drop="after", times=2)."""
        self._post("faults", {"route": route, "fault": fault, "times": times, "match": match or {}})

    def faults(self) -> list[Json]:
        """The faults that are set; `hits` counts the requests that met each."""
        return self._state("faults")

    def clear_faults(self) -> None:
        self._call("DELETE", "faults")

    def bookings(self, status: str = "") -> list[Json]:
        """Cal.com's bookings as its API writes them, oldest first; all or those with `status`."""
        return [booking for booking in self._state("bookings") if status in ("", booking["status"])]

    def messages(self, to: str = "") -> list[Json]:
        """SMS as Twilio's API writes them plus `accepted_at`, oldest first; all or those to one number."""
        return [message for message in self._state("messages") if to in ("", message["to"])]

    def received(self) -> list[Json]:
        """What customers have sent, as Twilio stores it, oldest first."""
        return self._state("received")

    def mails(self, to: str = "") -> list[Json]:
        """E-mails with to, from, subject, text, html, headers and attachments (name, type, content, base64)."""
        return [mail for mail in self._state("mails") if not to or to in mail["to"]]

    def posts(self) -> list[Json]:
        """What was posted to Slack's webhook, oldest first, each with at and text."""
        return self._state("posts")

    def calls(self) -> list[Json]:
        return self._state("calls")

    def deliveries(self, provider: str = "", event: str = "") -> list[Json]:
        """Webhooks sent, each with status (0: no answer), error, milliseconds, url, subject and body."""
        return [
            delivery
            for delivery in self._state("deliveries")
            if provider in ("", delivery["provider"]) and event in ("", delivery["event"])
        ]

    def repeat(self, delivery: Json) -> Json:
        """Send a delivery once more: the same bytes, the same signature."""
        return self._post("deliveries/repeat", {"id": delivery["id"]})

    def deliver_call(
        self,
        call: Json,
        events: tuple[str, ...] = ("call_started", "call_ended", "call_analyzed"),
        copies: Mapping[str, int] | None = None,
        key: str = "",
        public_id: str = "",
    ) -> list[Json]:
        """Put a call into Retell and tell AskPro; copies={"call_ended": 5} sends that event five times at once.

        With `key` it is a call of another account, whose webhooks go to the address with this public id.
        """
        told = {"call": call, "events": list(events), "copies": dict(copies or {})}
        return self._post("retell/calls", told | {"key": key, "public_id": public_id})

    def ring(self, from_number: str, to_number: str, agent_id: str = "") -> Json:
        """Let a call come in; the variables that AskPro answers are in all of its later events."""
        return self._post("retell/ring", {"from_number": from_number, "to_number": to_number, "agent_id": agent_id})

    def talk(self, seed: int, **traits: Any) -> Json:
        """Let a simulated caller phone and talk to the agent, and wait until she hangs up: what was asked, answered and
        believed, see `askpro.dev.sandbox.talks`. Any thread may call it, each over a connection of its own.
        """
        wanted = {"seed": seed, "traits": traits}
        answer = requests.post(f"{self.url}/sandbox/retell/talks", json=wanted, timeout=LONGEST_TALK)
        if answer.status_code >= 400:
            raise SandboxRefused(answer.text)
        told: Json = answer.json()
        return told

    def inbound_sms(self, sender: str, body: str, to: str = "+493023125199") -> Json:
        """Send AskPro an SMS from a customer; STOP first opts the sender out at Twilio."""
        return self._post("twilio/inbound", {"from": sender, "to": to, "body": body})

    def report_sms(self, sid: str, status: str, error_code: int | None = None) -> Json:
        """Send a status callback with any status, in any order."""
        return self._post("twilio/status", {"sid": sid, "status": status, "error_code": error_code})

    def fill(self, event_type_id: int, start: datetime) -> list[Json]:
        """Book `start` for strangers with every host who is free."""
        return self._post("calcom/fill", {"event_type_id": event_type_id, "start": start.isoformat()})

    def add_many(self, event_type_id: int, count: int, start: datetime, created_at: datetime) -> None:
        """Add `count` bookings of strangers, a quarter of an hour apart from `start`, without checking who is free."""
        wanted = {"event_type_id": event_type_id, "count": count, "start": start.isoformat()}
        self._post("calcom/many", wanted | {"created_at": created_at.isoformat()})

    def calcom(
        self, method: str, path: str, *, key: str, version: str = "2024-08-13", **json: Any
    ) -> requests.Response:
        """A request to Cal.com as a host or customer would cause it, such as POST /v2/bookings/<uid>/cancel."""
        headers = {"Authorization": f"Bearer {key}", "cal-api-version": version}
        return self._session.request(
            method, f"{self.url}/calcom{path}", json=json or None, headers=headers, timeout=TIMEOUT
        )

    def free_hours(self, event_type: int, *, key: str, days: tuple[int, int], hours: Collection[int]) -> list[datetime]:
        """The whole `hours` at which an event type is free from one day ahead to another, in the salon's zone."""
        first, last = (datetime.now(UTC) + timedelta(days=ahead) for ahead in days)
        query = f"eventTypeId={event_type}&start={first:%Y-%m-%d}&end={last:%Y-%m-%d}"
        answer = self.calcom("GET", f"/v2/slots?{query}", key=key, version="2024-09-04")
        starts = [parsed(slot["start"]) for day in answer.json()["data"].values() for slot in day]
        local = [start.astimezone(ZoneInfo(TIMEZONE)) for start in starts]
        return [start for start in local if start.hour in hours and start.minute == 0]

    def pay(self, uid: str) -> Json:
        """The attendee pays for a booking at Cal.com."""
        return self._post("calcom/pay", {"uid": uid})

    def request_reschedule(self, uid: str, reason: str = "Please choose another time") -> Json:
        """The host cancels at Cal.com and asks the attendee to choose another time."""
        return self._post("calcom/request-reschedule", {"uid": uid, "reason": reason})

    def end_meeting(self, uid: str) -> Json:
        """Cal.com's timer says that a meeting is over."""
        return self._post("calcom/end-meeting", {"uid": uid})

    def set_calcom_clock(self, now: datetime) -> None:
        """Set Cal.com's clock to `now`, until the next reset."""
        self.switch(calcom_clock_seconds=round((now - datetime.now(UTC)).total_seconds()))

    def state(self) -> Json:
        """Everything at once."""
        return self._call("GET", "state")

    def ready(self) -> bool:
        try:
            return bool(self._call("GET", "ready")["ready"])
        except requests.RequestException:
            return False

    def _state(self, part: str) -> list[Json]:
        return self._call("GET", f"state/{part}")

    def _post(self, path: str, body: Json | None = None) -> Any:
        return self._call("POST", path, body or {})

    def _call(self, method: str, path: str, body: Json | None = None) -> Any:
        answer = self._session.request(method, f"{self.url}/sandbox/{path}", json=body, timeout=TIMEOUT)
        if answer.status_code >= 400:
            raise SandboxRefused(answer.text)
        return answer.json()
