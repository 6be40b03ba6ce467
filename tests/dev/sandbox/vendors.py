"""Bare clients of the vendors' APIs, with requests as AskPro sends them."""

from datetime import UTC, datetime
from typing import Any

import requests

from askpro.dev.sandbox.credentials import LOCAL

# A Tuesday morning in Berlin's winter.
CLOCK = datetime(2026, 12, 1, 9, 15, tzinfo=UTC)
# Thursday, 14:00 in Berlin.
THURSDAY = "2026-12-03T13:00:00Z"
HAIRCUT, COLOUR, BEARD, FIRST_TALK = 4711, 4712, 4713, 4811
MOBILE = "+4915550100123"
SENDER = "+493023125199"


class Calcom:
    def __init__(self, url: str) -> None:
        self.url, self.session = f"{url}/calcom", requests.Session()
        self.key, self.version = LOCAL["CALCOM_API_KEY"], "2024-08-13"

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}", "cal-api-version": self.version}
        headers |= options.pop("headers", {})
        return self.session.request(method, self.url + path, headers=headers, timeout=10, **options)

    def book(self, event_type: int = COLOUR, start: str = THURSDAY, **more: Any) -> requests.Response:
        return self.request("POST", "/v2/bookings", json=booking(event_type, start, **more))

    def booked(self, event_type: int = COLOUR, start: str = THURSDAY, **more: Any) -> dict[str, Any]:
        answer = self.book(event_type, start, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    def slots(self, event_type: int, start: str, end: str, **query: str) -> requests.Response:
        wanted = {"eventTypeId": str(event_type), "start": start, "end": end} | query
        return self.request("GET", "/v2/slots", params=wanted, headers={"cal-api-version": "2024-09-04"})

    def listed(self, **query: Any) -> requests.Response:
        return self.request("GET", "/v2/bookings", params=query)


class Twilio:
    def __init__(self, url: str) -> None:
        self.account, self.token = LOCAL["TWILIO_ACCOUNT_SID"], LOCAL["TWILIO_AUTH_TOKENS"]
        self.url = f"{url}/twilio/2010-04-01/Accounts/{self.account}/Messages"
        self.session = requests.Session()

    def send(self, **form: str) -> requests.Response:
        filled = {"To": MOBILE, "From": SENDER, "Body": "Ihr Termin: Do 03.12., 14:00 Uhr"} | form
        filled = {name: value for name, value in filled.items() if value}
        return self.request("POST", ".json", data=filled)

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        options = {"auth": (self.account, self.token)} | options
        return self.session.request(method, self.url + path, timeout=10, **options)


class Retell:
    def __init__(self, url: str) -> None:
        self.url, self.session = f"{url}/retell", requests.Session()
        self.key = LOCAL["RETELL_API_KEYS"]

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.session.request(method, self.url + path, headers=headers, timeout=10, **options)

    def listed(self, **wanted: Any) -> requests.Response:
        return self.request("POST", "/v3/list-calls", json=wanted)


def booking(event_type: int = COLOUR, start: str = THURSDAY, **more: Any) -> dict[str, Any]:
    """The body of a booking that Cal.com accepts."""
    attendee = {
        "name": "Jürgen Weiß",
        "email": "juergen.weiss@example.org",
        "timeZone": "Europe/Berlin",
        "language": "de",
        "phoneNumber": MOBILE,
    }
    metadata = {"askpro_booking_key": "9f7b2c1a-6a5e-4d0c-8b53-1f0d2d7f6a11"}
    return {"start": start, "eventTypeId": event_type, "attendee": attendee, "metadata": metadata} | more


def call(call_id: str = "call_5f0c2b7d9a1e4c3f8b6d7e2a1c9", **more: Any) -> dict[str, Any]:
    """A call at Retell."""
    return {
        "call_id": call_id,
        "call_type": "phone_call",
        "agent_id": "agent_b2f6c1d4e8a94f7c9d3e5a7b1c",
        "agent_version": 7,
        "call_status": "ended",
        "direction": "inbound",
        "from_number": MOBILE,
        "to_number": "+493023125100",
        "start_timestamp": 1796116445123,
        "end_timestamp": 1796116572663,
        "transcript": "User: Schöne Grüße\n",
        "call_analysis": {"call_summary": "Ein Gruß.", "custom_analysis_data": {}},
    } | more
