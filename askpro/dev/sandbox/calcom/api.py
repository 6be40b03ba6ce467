"""Cal.com's API: its routes, the checks before them, and what each does."""

import re
import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from askpro.dev.sandbox.calcom import checks, event_types, queries, refusals, rules
from askpro.dev.sandbox.calcom.acts import Acts, check_kind
from askpro.dev.sandbox.calcom.bookings import Bookings
from askpro.dev.sandbox.calcom.refusals import Refused
from askpro.dev.sandbox.calcom.subscribers import Subscribers
from askpro.dev.sandbox.calcom.text import local, parsed
from askpro.dev.sandbox.calcom.throttle import Throttle, headers
from askpro.dev.sandbox.courier import Courier
from askpro.dev.sandbox.credentials import Credentials
from askpro.dev.sandbox.exchange import Answer, Request, Route, Unreadable, as_json
from askpro.dev.sandbox.switches import Switches
from askpro.dev.sandbox.world import EventType

PREFIX = "/calcom"
VERSIONS = {
    "bookings": "2024-08-13",
    "slots": "2024-09-04",
    "event-types": "2024-06-14",
    "schedules": "2024-06-11",
}
KNOWN_VERSIONS = frozenset(VERSIONS.values())

Action = Callable[[Request], tuple[int, Any]]


class Calcom:
    def __init__(self, courier: Courier, switches: Switches, credentials: Credentials) -> None:
        self._switches = switches
        self._key = credentials.calcom_key
        self._throttle = Throttle()
        self.bookings = Bookings(switches.calcom_now)
        self.subscribers = Subscribers(courier, switches, credentials.calcom_secret, event_types.owner()["id"])
        self.acts = Acts(self.bookings, self.subscribers, switches)

    def routes(self) -> list[Route]:
        uid = r"/(?P<uid>[^/]+)"
        table: list[tuple[str, str, str, Action, Action | None]] = [
            ("create_booking", "POST", "/bookings", self._create, self._create_legacy),
            ("list_bookings", "GET", "/bookings", self._list, self._list_legacy),
            ("get_booking", "GET", f"/bookings{uid}", self._get, self._get_legacy),
            ("cancel_booking", "POST", f"/bookings{uid}/cancel", self._cancel, None),
            ("reschedule_booking", "POST", f"/bookings{uid}/reschedule", self._reschedule, None),
            ("confirm_booking", "POST", f"/bookings{uid}/confirm", self._confirm, None),
            ("decline_booking", "POST", f"/bookings{uid}/decline", self._decline, None),
            ("reassign_booking", "POST", f"/bookings{uid}/reassign", self._reassign, None),
            ("reassign_booking_to", "POST", f"/bookings{uid}/reassign/(?P<host>[0-9]+)", self._reassign, None),
            ("mark_absent", "POST", f"/bookings{uid}/mark-absent", self._mark_absent, None),
            ("slots", "GET", "/slots", self._slots, None),
            ("list_event_types", "GET", "/event-types", self._event_types, None),
            ("get_event_type", "GET", r"/event-types/(?P<id>\d+)", self._event_type, None),
            ("list_teams", "GET", "/teams", lambda request: (200, event_types.teams()), None),
            ("list_team_event_types", "GET", r"/teams/(?P<id>\d+)/event-types", self._team_event_types, None),
            ("list_schedules", "GET", "/schedules", lambda request: (200, event_types.schedules()), None),
            ("me", "GET", "/me", lambda request: (200, event_types.owner()), None),
            ("create_webhook", "POST", "/webhooks", self._create_webhook, None),
            ("list_webhooks", "GET", "/webhooks", lambda request: (200, self.subscribers.listed()), None),
            ("get_webhook", "GET", r"/webhooks/(?P<id>[^/]+)", self._get_webhook, None),
            ("update_webhook", "PATCH", r"/webhooks/(?P<id>[^/]+)", self._update_webhook, None),
            ("delete_webhook", "DELETE", r"/webhooks/(?P<id>[^/]+)", self._delete_webhook, None),
        ]
        return [
            Route(f"calcom.{name}", method, re.compile(f"{PREFIX}/v2{path}/?"), self._gated(path, action, legacy))
            for name, method, path, action, legacy in table
        ]

    def unknown(self, request: Request) -> Answer:
        return self._refusal(_cannot(request), request, {})

    def usual(self, status: int, request: Request) -> Answer:
        """The answer of a fault with `status` that has no body of its own."""
        limits = headers(self._switches.calcom_rate_limit, 0, 47) if status == 429 else {}
        return self._refusal(refusals.usual(status), request, limits)

    def slot_gone(self, request: Request) -> Answer:
        body = request.json
        event_type = event_types.found(body.get("eventTypeId")) if body.get("eventTypeId") else None
        refused = self.bookings.gone(event_type) if event_type else Refused(400, refusals.SLOT_GONE)
        return self._refusal(refused, request, {})

    def _gated(self, path: str, action: Action, legacy: Action | None) -> Callable[[Request], Answer]:
        """Check limit, key and version, then run the action. A request without a key is always refused, unlike at
        Cal.com, which books, moves and cancels without one: that would hide that AskPro forgot the key."""
        resource = path.split("/")[1]

        def handle(request: Request) -> Answer:
            limits: dict[str, str] = {}
            try:
                self._check_key(request)
                passed, limits = self._throttle.count(self._key, self._switches.calcom_rate_limit)
                if not passed:
                    raise Refused(429, refusals.TOO_MANY)
                status, body = self._versioned(resource, action, legacy, request)(request)
            except Refused as refused:
                return self._refusal(refused, request, limits)
            except Unreadable:
                return self._refusal(Refused(400, "Unexpected token in JSON"), request, limits)
            envelope = body if isinstance(body, dict) and "pagination" in body else {"data": body}
            return as_json(status, {"status": "success"} | envelope, limits | _request_id())

        return handle

    def _check_key(self, request: Request) -> None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Refused(401, refusals.NO_KEY)
        if key != self._key:
            raise Refused(401, refusals.KEY_UNKNOWN if key.startswith("cal_") else refusals.KEY_NOT_VALID)

    def _versioned(self, resource: str, action: Action, legacy: Action | None, request: Request) -> Action:
        """Cal.com's trap: an unknown or missing version means the API of 2024-04-15, another resource's gives 404."""
        if resource not in VERSIONS:
            return action
        asked = request.headers.get("cal-api-version", "")
        if asked == VERSIONS[resource]:
            return action
        if asked in KNOWN_VERSIONS or legacy is None:
            raise _cannot(request)
        return legacy

    def _refusal(self, refused: Refused, request: Request, limits: dict[str, str]) -> Answer:
        limits = limits or headers(self._switches.calcom_rate_limit, self._switches.calcom_rate_limit, 60)
        path = request.url.removeprefix(PREFIX)
        return refusals.answer(refused, path, self._switches.calcom_now(), limits | _request_id())

    def _create(self, request: Request) -> tuple[int, Any]:
        body = checks.check_booking(request.json)
        event_type = _event_type_of(body)
        _check_against(event_type, body)
        check_kind(event_type, self._switches.kind_of(event_type.id), body)
        return 201, self.acts.create(event_type, body)

    def _create_legacy(self, request: Request) -> tuple[int, Any]:
        """Book all the same, but answer in another shape: so can a client notice that it forgot the version."""
        _, created = self._create(request)
        first = created[0] if isinstance(created, list) else created
        return 201, self.bookings.get(first["uid"]).legacy()

    def _list(self, request: Request) -> tuple[int, Any]:
        # An unescaped + arrives as a space; Cal.com turns it back.
        email = request.query.get("attendeeEmail", "").replace(" ", "+")
        query = checks.check(request.query | ({"attendeeEmail": email} if email else {}), rules.LIST)
        rows, pagination = queries.page(self.bookings.selected(email), query, self._switches.calcom_now())
        return 200, {"data": [booking.listed() for booking in rows], "pagination": pagination}

    def _list_legacy(self, request: Request) -> tuple[int, Any]:
        rows = [booking.legacy() for booking in self.bookings.selected()]
        return 200, {"bookings": rows, "recurringInfo": [], "nextCursor": None}

    def _get(self, request: Request) -> tuple[int, Any]:
        return 200, self.bookings.get(request.parts["uid"]).listed()

    def _get_legacy(self, request: Request) -> tuple[int, Any]:
        return 200, self.bookings.get(request.parts["uid"]).legacy()

    def _cancel(self, request: Request) -> tuple[int, Any]:
        body = checks.check(request.json, rules.CANCEL)
        reason, seat = body.get("cancellationReason", ""), body.get("seatUid", "")
        return 200, self.acts.cancel(request.parts["uid"], reason, seat)

    def _reschedule(self, request: Request) -> tuple[int, Any]:
        body = checks.check(request.json, rules.RESCHEDULE)
        names = ("reschedulingReason", "rescheduledBy", "seatUid")
        return 201, self.acts.reschedule(request.parts["uid"], body["start"], *(body.get(name, "") for name in names))

    def _confirm(self, request: Request) -> tuple[int, Any]:
        return 200, self.acts.confirm(request.parts["uid"])

    def _decline(self, request: Request) -> tuple[int, Any]:
        reason = checks.check(request.json, rules.DECLINE).get("reason", "")
        return 200, self.acts.decline(request.parts["uid"], reason)

    def _reassign(self, request: Request) -> tuple[int, Any]:
        host = request.parts.get("host")
        return 200, self.acts.reassign(request.parts["uid"], int(host) if host else None)

    def _mark_absent(self, request: Request) -> tuple[int, Any]:
        body = checks.check(request.json, rules.ABSENT)
        uid, host, attendees = request.parts["uid"], body.get("host", False), body.get("attendees", [])
        return 200, self.acts.mark_absent(uid, host, attendees)

    def _slots(self, request: Request) -> tuple[int, Any]:
        query = checks.check(request.query, rules.SLOTS)
        event_type = _event_type_of(query)
        zone = ZoneInfo(query.get("timeZone", "UTC"))
        free = self.bookings.slots(
            event_type,
            _bound(query["start"]),
            _bound(query["end"], last=True),
            query.get("bookingUidToReschedule", ""),
            frozenset(int(id_) for id_ in query.get("rrHostSubsetIds", "").split(",") if id_.strip()),
        )
        days: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
        for start in free:
            slot = {"start": local(start, zone)}
            if query.get("format") == "range":
                slot["end"] = local(start + timedelta(minutes=event_type.minutes), zone)
            days[f"{start.astimezone(zone):%Y-%m-%d}"].append(slot)
        return 200, days

    def _event_types(self, request: Request) -> tuple[int, Any]:
        """A user's own: those of teams are not among them."""
        return 200, self._listed(event_types.selected(request.query), of_team=False)

    def _team_event_types(self, request: Request) -> tuple[int, Any]:
        return 200, self._listed(event_types.of_team(request.parts["id"]), of_team=True)

    def _event_type(self, request: Request) -> tuple[int, Any]:
        return 200, self._event_type_listed(event_types.found(request.parts["id"]))

    def _event_type_listed(self, event_type: EventType) -> dict[str, Any]:
        return event_types.listed(event_type, self._switches.kind_of(event_type.id))

    def _listed(self, found: list[EventType], *, of_team: bool) -> list[dict[str, Any]]:
        return [
            self._event_type_listed(each) for each in found if bool(self._switches.kind_of(each.id).team) == of_team
        ]

    def _create_webhook(self, request: Request) -> tuple[int, Any]:
        return 201, self.subscribers.add(checks.check(request.json, rules.WEBHOOK))

    def _update_webhook(self, request: Request) -> tuple[int, Any]:
        return 200, self.subscribers.change(request.parts["id"], checks.check(request.json, rules.WEBHOOK_CHANGE))

    def _get_webhook(self, request: Request) -> tuple[int, Any]:
        return 200, self.subscribers.get(request.parts["id"])

    def _delete_webhook(self, request: Request) -> tuple[int, Any]:
        return 200, self.subscribers.remove(request.parts["id"])


def _cannot(request: Request) -> Refused:
    return Refused(404, f"Cannot {request.method} {request.path.removeprefix(PREFIX)}")


def _request_id() -> dict[str, str]:
    return {"X-Request-Id": str(uuid.uuid4())}


def _event_type_of(values: dict[str, Any]) -> EventType:
    if values.get("eventTypeId") is not None:
        return event_types.found(values["eventTypeId"])
    return event_types.by_slug(values.get("eventTypeSlug", ""), values.get("username", ""))


def _check_against(event_type: EventType, body: dict[str, Any]) -> None:
    """Refuse options that no event type of the demo world has. Raises the 400."""
    if body.get("lengthInMinutes") is not None:
        raise Refused(
            400,
            "Can't specify 'lengthInMinutes' because event type does not have multiple possible lengths. Please, "
            "remove the 'lengthInMinutes' field from the request.",
        )
    location = body.get("location")
    if isinstance(location, dict) and location.get("type") != "address":
        raise Refused(
            400, f"Booking location with type {location.get('type')} not valid for event type with id={event_type.id}."
        )


def _bound(value: str, *, last: bool = False) -> datetime:
    """A time, or a date's first or last moment, in UTC."""
    moment = parsed(value)
    return moment + timedelta(days=1) if last and len(value) == 10 else moment
