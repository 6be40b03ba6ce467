"""Retell's API and webhooks: the control API puts calls in, and AskPro gets their events."""

import base64
import json
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from askpro.dev.sandbox.calcom.throttle import Throttle
from askpro.dev.sandbox.courier import Courier, Delivery, retell_signature
from askpro.dev.sandbox.credentials import Credentials
from askpro.dev.sandbox.exchange import Answer, Request, Route, Unreadable, as_json, compact
from askpro.dev.sandbox.retell import events
from askpro.dev.sandbox.retell.filters import BadFilter, passes
from askpro.dev.sandbox.switches import Switches

PREFIX = "/retell"
DEFAULT_LIMIT = 50
LARGEST_LIMIT = 1000
MESSAGES = {
    400: "Invalid request format, please check API reference.",
    401: "API key is missing or invalid.",
    402: "Trial has ended, please add payment method.",
    404: "The requested resource was not found.",
    422: "Cannot find requested asset under given api key.",
    429: "Account rate limited, please throttle your requests.",
    500: "An unexpected server error occurred.",
}


class Retell:
    def __init__(self, courier: Courier, switches: Switches, credentials: Credentials) -> None:
        self._courier = courier
        self._switches = switches
        self._keys = credentials.retell_keys
        self._lock = threading.Lock()
        self._calls: dict[str, dict[str, Any]] = {}
        # The calls of other accounts: the key of each account, and its part of the webhooks' address.
        self._owners: dict[str, tuple[str, str]] = {}
        self._throttle = Throttle()
        self._variables: dict[tuple[str, str], dict[str, Any]] = {}

    def routes(self) -> list[Route]:
        return [
            self._route("get_call", "GET", r"/v2/get-call/(?P<call_id>[^/]+)", self._get),
            self._route("delete_call", "DELETE", r"/v2/delete-call/(?P<call_id>[^/]+)", self._delete),
            self._route("list_calls", "POST", r"/v3/list-calls", self._list),
        ]

    def unknown(self, request: Request) -> Answer:
        return _error(404)

    def usual(self, status: int, request: Request) -> Answer:
        return _error(status)

    def calls(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._calls.values())

    def keep(self, call: dict[str, Any], key: str = "", public_id: str = "") -> None:
        """Store a call. The variables that AskPro set when it came in are in every event of it.

        With `key` it is a call of another account, which has this API key and tells AskPro at its own address.
        """
        with self._lock:
            if key:
                self._owners[call["call_id"]] = (key, f"{public_id}/" if public_id else "")
            ends = (call.get("from_number", ""), call.get("to_number", ""))
            if set_by_us := self._variables.pop(ends, None):
                call["retell_llm_dynamic_variables"] = set_by_us | call.get("retell_llm_dynamic_variables", {})
            self._calls[call["call_id"]] = call

    def ring(self, from_number: str, to_number: str, agent_id: str) -> dict[str, Any]:
        """Report an incoming call, once, and remember the dynamic variables of the answer."""
        call = {"agent_id": agent_id, "from_number": from_number, "to_number": to_number}
        body = compact({"event": "call_inbound", "call_inbound": call})
        delivery = self._post("call_inbound", from_number, body)
        try:
            variables = json.loads(delivery.answer)["call_inbound"]["dynamic_variables"]
        except (ValueError, KeyError, TypeError):
            variables = {}
        with self._lock:
            self._variables[from_number, to_number] = variables
        return dict(variables)

    def tell(self, event: str, call: dict[str, Any], copies: int = 1) -> list[Delivery]:
        """Deliver `copies` of an event at the same moment; each is retried until an answer is 2xx."""
        if copies == 1:
            return [self._deliver(event, call)]
        with ThreadPoolExecutor(copies) as pool:
            return list(pool.map(lambda _: self._deliver(event, call), range(copies)))

    def post_function(self, name: str, call_id: str, body: bytes) -> Delivery:
        """Ask a function once; Retell waits as long for the answer as it does with webhooks."""
        return self._post(name, call_id, body, f"functions/{name}/")

    def _deliver(self, event: str, call: dict[str, Any]) -> Delivery:
        body = events.body(event, call)
        key, path = self._owners.get(call["call_id"], ("", ""))
        for attempt in range(self._switches.retell_tries):
            if attempt:
                time.sleep(self._switches.retell_retry_ms / 1000)
            delivery = self._post(event, call["call_id"], body, path, key)
            if delivery.accepted:
                break
        return delivery

    def _post(self, event: str, subject: str, body: bytes, path: str = "", key: str = "") -> Delivery:
        signature = retell_signature(key or self._keys[0], body)
        headers = {"Content-Type": "application/json", "X-Retell-Signature": signature}
        url = f"{self._switches.askpro_url}/webhooks/retell/{path}"
        return self._courier.post("retell", event, subject, url, body, headers)

    def _route(self, name: str, method: str, path: str, action: Callable[[Request], Answer]) -> Route:
        def handle(request: Request) -> Answer:
            scheme, _, key = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not self._is_known(key):
                return _error(401)
            limit = self._switches.retell_rate_limit
            if limit and not self._throttle.count(key, limit)[0]:
                return _error(429)
            return action(request)

        return Route(f"retell.{name}", method, re.compile(PREFIX + path), handle)

    def _is_known(self, key: str) -> bool:
        with self._lock:
            return key in self._keys or any(key == owner for owner, _ in self._owners.values())

    def _calls_of(self, request: Request) -> list[dict[str, Any]]:
        """The calls of the account whose key asks; the keys in AskPro's settings are those of one account."""
        key = request.headers.get("Authorization", "").partition(" ")[2]
        own = "" if key in self._keys else key
        with self._lock:
            return [call for call in self._calls.values() if self._owners.get(call["call_id"], ("", ""))[0] == own]

    def _get(self, request: Request) -> Answer:
        call = next((call for call in self._calls_of(request) if call["call_id"] == request.parts["call_id"]), None)
        # Retell answers 422 for an unknown id.
        return as_json(200, call) if call else _error(422)

    def _delete(self, request: Request) -> Answer:
        call_id = request.parts["call_id"]
        if all(call["call_id"] != call_id for call in self._calls_of(request)):
            return _error(422)
        with self._lock:
            self._calls.pop(call_id, None)
        return Answer(204)

    def _list(self, request: Request) -> Answer:
        try:
            wanted = request.json
            limit = wanted.get("limit", DEFAULT_LIMIT)
            both = "skip" in wanted and "pagination_key" in wanted
            if not isinstance(limit, int) or not 1 <= limit <= LARGEST_LIMIT or both:
                return _error(400)
            found = [call for call in self._calls_of(request) if passes(call, wanted.get("filter_criteria") or {})]
            first = _position(wanted["pagination_key"]) if "pagination_key" in wanted else int(wanted.get("skip", 0))
        except (Unreadable, BadFilter, AttributeError, TypeError, ValueError):
            return _error(400)
        found.sort(key=lambda call: call.get("start_timestamp", 0), reverse=wanted.get("sort_order") != "ascending")
        return as_json(200, _page(found, first, limit, bool(wanted.get("include_total"))))


def _page(found: list[dict[str, Any]], first: int, limit: int, count: bool) -> dict[str, Any]:
    more = first + limit < len(found)
    body: dict[str, Any] = {"items": [events.listed(call) for call in found[first : first + limit]], "has_more": more}
    if more:
        body["pagination_key"] = _cursor(first + limit)
    return body | ({"total": len(found)} if count else {})


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"at": position}).encode()).decode()


def _position(cursor: str) -> int:
    """Raises ValueError for a cursor that is not ours."""
    return int(json.loads(base64.urlsafe_b64decode(cursor))["at"])


def _error(status: int) -> Answer:
    return as_json(status, {"status": "error", "message": MESSAGES.get(status, MESSAGES[500])})
