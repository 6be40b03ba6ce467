"""The whole sandbox: finds the route of a request, applies a fault if one matches, and answers."""

import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from askpro.dev.sandbox.calcom.api import Calcom
from askpro.dev.sandbox.calcom.refusals import Refused
from askpro.dev.sandbox.courier import Courier
from askpro.dev.sandbox.credentials import Credentials
from askpro.dev.sandbox.exchange import Answer, Request, Route, Silence, as_json, compact
from askpro.dev.sandbox.faults import Fault, Faults
from askpro.dev.sandbox.mailbox import Mailbox
from askpro.dev.sandbox.retell.api import Retell
from askpro.dev.sandbox.slack import Slack
from askpro.dev.sandbox.switches import Switches
from askpro.dev.sandbox.talks.character import Character
from askpro.dev.sandbox.talks.talk import Talk
from askpro.dev.sandbox.twilio.api import Twilio
from askpro.dev.sandbox.world import EventType

# Milliseconds after which nobody waits for Cal.com any more.
LONGER_THAN_ANY: Final = 12_000


class Vendor(Protocol):
    """The interface of each stand-in."""

    def routes(self) -> list[Route]: ...

    def unknown(self, request: Request) -> Answer:
        """The vendor's answer to an unknown path."""

    def usual(self, status: int, request: Request) -> Answer:
        """The vendor's usual answer with `status`, for faults without a body."""


class Sandbox:
    def __init__(self, credentials: Credentials, **switches: object) -> None:
        self._credentials = credentials
        self._defaults = switches
        self.courier = Courier()
        self.faults = Faults()
        self.mailbox = Mailbox(self.faults)
        self.switches = Switches()
        self.reset()

    def reset(self) -> None:
        """Reset it as if just started; pending deliveries are dropped."""
        self.courier.reset()
        self.faults.clear()
        self.mailbox.clear()
        # New objects, so that a request that is still running changes only the old ones.
        self.switches = Switches()
        self.switches.change(self._defaults)
        self.calcom = Calcom(self.courier, self.switches, self._credentials)
        self.twilio = Twilio(self.courier, self.switches, self._credentials)
        self.retell = Retell(self.courier, self.switches, self._credentials)
        self.slack = Slack()
        self._vendors: dict[str, Vendor] = {
            "calcom": self.calcom,
            "twilio": self.twilio,
            "retell": self.retell,
            "slack": self.slack,
        }
        self._routes = {name: vendor.routes() for name, vendor in self._vendors.items()}

    def handle(self, request: Request) -> Answer | Silence:
        """The answer of the vendor that the path's first part names."""
        prefix = request.path.strip("/").partition("/")[0]
        vendor = self._vendors.get(prefix)
        if vendor is None:
            return as_json(404, {"error": "The sandbox has /calcom, /twilio, /retell, /slack and /sandbox."})
        for route in self._routes[prefix]:
            match = route.pattern.fullmatch(request.path)
            if match and route.method == request.method:
                request.parts = match.groupdict()
                return self._faulty(route, vendor, request)
        return vendor.unknown(request)

    def talk(self, seed: int, traits: dict[str, Any]) -> Talk:
        """Let a simulated caller talk to the agent, to the end of the call. Raises `BadTrait`."""
        character = Character.of(seed, self.switches.calcom_now(), **traits)
        if character.slow:
            self.faults.add(_hanging_for(character))
        talk = Talk.begin(self.retell, character, self._take_away)
        talk.play()
        return talk

    def _take_away(self, event_type: EventType, start: datetime) -> None:
        with suppress(Refused):
            self.calcom.bookings.fill(event_type, start.astimezone(UTC))

    def _faulty(self, route: Route, vendor: Vendor, request: Request) -> Answer | Silence:
        fault = self.faults.take(route.name, request)
        if fault is None:
            return route.handle(request)
        if fault.latency_ms and not fault.silent:
            time.sleep(fault.latency_ms / 1000)
        if fault.slot_gone:
            return self._slot_gone(request)
        answer = route.handle(request) if fault.takes_effect else None
        if fault.silent:
            return Silence(fault.latency_ms / 1000, reset=bool(fault.reset))
        answer = _answer(fault, vendor, request) if fault.status else answer or vendor.unknown(request)
        return replace(answer, cut=fault.cut, drip_ms=fault.drip_ms, padding=fault.padding, pack=fault.pack)

    def _slot_gone(self, request: Request) -> Answer:
        try:
            return self.calcom.slot_gone(request)
        except Refused:
            return self.calcom.usual(400, request)


def _hanging_for(character: Character) -> dict[str, Any]:
    """Cal.com does not answer when this caller's booking is made, and does not make it."""
    fault = {"latency_ms": LONGER_THAN_ANY, "drop": "before"}
    match = {"attendee.email": character.caller.email}
    return {"route": "calcom.create_booking", "fault": fault, "match": match}


def _answer(fault: Fault, vendor: Vendor, request: Request) -> Answer:
    answer = vendor.usual(fault.status, request)
    if isinstance(fault.body, str):
        answer.body, answer.headers["Content-Type"] = fault.body.encode(errors="replace"), "text/html"
    elif fault.body is not None:
        answer.body = compact(fault.body)
    answer.headers |= {name: str(value) for name, value in fault.headers.items()}
    return answer
