"""The control API of the sandbox, for tests, the demo and curious people."""

from collections.abc import Callable
from typing import Any

from askpro.dev.sandbox.calcom import event_types
from askpro.dev.sandbox.calcom.refusals import Refused
from askpro.dev.sandbox.calcom.text import parsed
from askpro.dev.sandbox.exchange import Answer, Request, Silence, Unreadable, as_json
from askpro.dev.sandbox.faults import BadFault
from askpro.dev.sandbox.page import render
from askpro.dev.sandbox.retell.events import ANALYZED, ENDED, STARTED
from askpro.dev.sandbox.sandbox import Sandbox
from askpro.dev.sandbox.switches import BadSwitch
from askpro.dev.sandbox.talks.character import BadTrait

PREFIX = "/sandbox"


class BadRequest(ValueError):
    """The text says what is missing from the request."""


class Control:
    """Wraps the sandbox: answers its own paths and passes the rest to the vendors."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._actions: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "/ready"): lambda request: {"ready": True},
            ("GET", "/state"): lambda request: {name: part() for name, part in self._parts().items()},
            ("POST", "/reset"): lambda request: self._sandbox.reset(),
            ("GET", "/faults"): lambda request: self._sandbox.faults.listed(),
            ("POST", "/faults"): lambda request: self._sandbox.faults.add(request.json),
            ("DELETE", "/faults"): lambda request: self._sandbox.faults.clear(),
            ("GET", "/switches"): lambda request: self._sandbox.switches.listed(),
            ("POST", "/switches"): lambda request: self._sandbox.switches.change(request.json),
            ("POST", "/calcom/fill"): self._fill,
            ("POST", "/calcom/many"): self._many,
            ("POST", "/calcom/pay"): lambda request: self._sandbox.calcom.acts.pay(request.json["uid"]),
            ("POST", "/calcom/request-reschedule"): self._request_reschedule,
            ("POST", "/calcom/end-meeting"): lambda request: self._sandbox.calcom.acts.end_meeting(request.json["uid"]),
            ("POST", "/retell/ring"): self._ring,
            ("POST", "/twilio/inbound"): self._inbound,
            ("POST", "/twilio/status"): self._status,
            ("POST", "/retell/calls"): self._call,
            ("POST", "/retell/talks"): self._talk,
            ("POST", "/deliveries/repeat"): self._repeat,
        }

    def handle(self, request: Request) -> Answer | Silence:
        if request.path in ("/", PREFIX, f"{PREFIX}/"):
            return render(self._sandbox)
        if not request.path.startswith(f"{PREFIX}/"):
            return self._sandbox.handle(request)
        try:
            return self._own(request)
        except (BadFault, BadSwitch, BadTrait, BadRequest, Unreadable) as error:
            return as_json(400, {"error": str(error)})
        except (KeyError, TypeError, ValueError) as error:
            return as_json(400, {"error": f"{type(error).__name__}: {error}"})
        except Refused as refused:
            return as_json(refused.status, {"error": refused.message})

    def _own(self, request: Request) -> Answer:
        path = request.path.removeprefix(PREFIX)
        part = self._parts().get(path.removeprefix("/state/"))
        if request.method == "GET" and part is not None:
            return as_json(200, part())
        action = self._actions.get((request.method, path))
        if action is None:
            known = ", ".join(f"{method} {PREFIX}{path}" for method, path in self._actions)
            return as_json(404, {"error": f"There are {known}."})
        if not isinstance(request.json, dict):
            raise BadRequest("The body has to be an object.")
        result = action(request)
        return as_json(200, {"ok": True} if result is None else _plain(result))

    def _parts(self) -> dict[str, Callable[[], Any]]:
        sandbox = self._sandbox
        return {
            "bookings": lambda: [booking.listed() for booking in sandbox.calcom.bookings.selected()],
            "messages": sandbox.twilio.messages,
            "received": sandbox.twilio.received,
            "opted_out": sandbox.twilio.opted_out,
            "mails": sandbox.mailbox.listed,
            "posts": sandbox.slack.posts,
            "calls": sandbox.retell.calls,
            "deliveries": sandbox.courier.listed,
            "faults": sandbox.faults.listed,
            "switches": lambda: sandbox.switches.listed(),
        }

    def _fill(self, request: Request) -> Any:
        event_type = event_types.found(request.json["event_type_id"])
        booked = self._sandbox.calcom.bookings.fill(event_type, parsed(request.json["start"]))
        return [booking.listed() for booking in booked]

    def _request_reschedule(self, request: Request) -> Any:
        reason = request.json.get("reason", "Please choose another time")
        return self._sandbox.calcom.acts.ask_for_another_time(request.json["uid"], reason)

    def _ring(self, request: Request) -> Any:
        """Let a call come in: ask AskPro for its variables, which every event of the call then contains."""
        wanted = request.json
        return self._sandbox.retell.ring(wanted["from_number"], wanted["to_number"], wanted.get("agent_id", ""))

    def _many(self, request: Request) -> Any:
        event_type = event_types.found(request.json["event_type_id"])
        start, created_at = parsed(request.json["start"]), parsed(request.json["created_at"])
        self._sandbox.calcom.bookings.add_many(event_type, int(request.json["count"]), start, created_at)

    def _inbound(self, request: Request) -> Any:
        return self._sandbox.twilio.receive(request.json["from"], request.json["to"], request.json["body"])

    def _status(self, request: Request) -> Any:
        wanted = request.json
        return self._sandbox.twilio.report(wanted["sid"], wanted["status"], wanted.get("error_code"))

    def _call(self, request: Request) -> Any:
        """Store a call and send its events to AskPro: {"call": {…}, "events": […], "copies": {"call_ended": 5}}.

        "key" and "public_id" make it a call of another account with an address of its own.
        """
        call, copies = request.json["call"], request.json.get("copies", {})
        if not isinstance(call, dict) or not isinstance(call.get("call_id"), str):
            raise BadRequest("A call needs a call_id.")
        self._sandbox.retell.keep(call, request.json.get("key", ""), request.json.get("public_id", ""))
        events = request.json.get("events", [STARTED, ENDED, ANALYZED])
        return [
            delivery
            for event in events
            for delivery in self._sandbox.retell.tell(event, call, int(copies.get(event, 1)))
        ]

    def _talk(self, request: Request) -> Any:
        """Let a simulated caller phone: {"seed": 7, "traits": {"rival": true}}. The answer comes when she hangs up."""
        return self._sandbox.talk(int(request.json["seed"]), request.json.get("traits", {}))

    def _repeat(self, request: Request) -> Any:
        delivery = self._sandbox.courier.repeat(request.json["id"])
        if delivery is None:
            raise BadRequest("There is no such delivery.")
        return delivery


def _plain(result: Any) -> Any:
    if isinstance(result, list):
        return [_plain(entry) for entry in result]
    if hasattr(result, "listed"):
        return result.listed()
    return vars(result) if hasattr(result, "__dict__") else result
