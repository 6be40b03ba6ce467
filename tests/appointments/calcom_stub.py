"""A Cal.com of a few lines behind the HTTP edge: it holds bookings and misbehaves on demand."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import responses

from tests.appointments.salon import HOST

BASE = "https://api.cal.com"
ANSWERS = Path(__file__).parents[1] / "fixtures" / "calcom_api"
Answer = tuple[int, dict[str, str], str]
Fault = Callable[[], Answer]


def answer(name: str) -> Any:
    """An answer of Cal.com, as in the contract, about invented people."""
    return json.loads((ANSWERS / f"{name}.json").read_text())


def error(name: str) -> Fault:
    """Answers with an error whose status is the first part of its name."""
    return lambda: (int(name.partition(".")[0]), {}, (ANSWERS / f"error.{name}.json").read_text())


def timeout() -> Answer:
    raise requests.ReadTimeout


def no_connection() -> Answer:
    raise requests.ConnectTimeout


def killed() -> Answer:
    """Ends the process that asks; the request may be carried out later."""
    raise KeyboardInterrupt


class CalcomStub:
    """Answers like Cal.com. A fault replaces the next answer to a route; with after_effect the request took effect."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock = mock
        self.bookings: list[dict[str, Any]] = []
        self.taken: set[str] = set()
        self.free: list[str] = []
        self.event_types: list[dict[str, Any]] = []
        self.status = "accepted"
        self.says_more = False
        self.places = 1
        self.shift = timedelta(0)
        self.requests: list[tuple[str, str, dict[str, Any]]] = []
        self.before_answer: Callable[[dict[str, Any]], None] = lambda booking: None
        # What Cal.com does to every request while this is set.
        self.away: Fault | None = None
        self._faults: list[tuple[str, Fault, bool, int]] = []
        for method in (responses.GET, responses.POST):
            mock.add_callback(method, re.compile(re.escape(BASE)), callback=self._answer)

    def fail(self, route: str, fault: Fault, after_effect: bool = False, answers_before: int = 0) -> None:
        """`route` such as "POST /v2/bookings", exactly."""
        self._faults.append((route, fault, after_effect, self.asked(route) + answers_before))

    def asked(self, route: str) -> int:
        return sum(f"{method} {path}" == route for method, path, _ in self.requests)

    def book(self, start: str, **values: Any) -> dict[str, Any]:
        """Add an existing booking, no matter who made it."""
        uid = f"stub{len(self.bookings):018d}"
        begin = datetime.fromisoformat(start)
        self.bookings.append(
            answer("booking")
            | {"id": 5000 + len(self.bookings), "uid": uid, "start": _utc(begin), "status": self.status}
            | {"end": _utc(begin + timedelta(minutes=45)), "updatedAt": "2026-11-30T10:00:01.250Z"}
            | values
        )
        return self.bookings[-1]

    def carry_out_late(self) -> None:
        """The newest request for a booking reaches Cal.com now."""
        self._create(next(values for method, _, values in reversed(self.requests) if method == "POST"))

    def carry_out_first(self) -> None:
        """The first request for a booking reaches Cal.com now."""
        posts = (values for method, path, values in self.requests if (method, path) == ("POST", "/v2/bookings"))
        self._create(next(posts))

    def _booked_at(self, start: str) -> int:
        return sum(
            booking["start"] == start.replace("Z", ".000Z") and booking["status"] != "cancelled"
            for booking in self.bookings
        )

    def _answer(self, request: requests.PreparedRequest) -> Answer:
        url = urlsplit(str(request.url))
        values = json.loads(request.body) if request.body else {k: v[0] for k, v in parse_qs(url.query).items()}
        self.requests.append((str(request.method), url.path, values))
        if self.away is not None:
            return self.away()
        route = f"{request.method} {url.path}"
        due = (entry for entry in self._faults if entry[0] == route and entry[3] < self.asked(route))
        fault = next(due, None)
        if fault is not None:
            self._faults.remove(fault)
            if not fault[2]:
                return fault[1]()
        done = self._do(route, values)
        return fault[1]() if fault is not None else done

    def _do(self, route: str, values: dict[str, Any]) -> Answer:
        if route == "POST /v2/bookings":
            return self._create(values)
        if route == "GET /v2/bookings":
            return self._list(values)
        if route == "GET /v2/slots":
            return _ok(200, {"all": [{"start": start} for start in self.free]})
        if route == "GET /v2/teams":
            return error("404.no_teams")()
        if route == "GET /v2/event-types":
            return _ok(200, self.event_types)
        if route.startswith("GET /v2/event-types/"):
            found = [entry for entry in self.event_types if str(entry["id"]) == route.split("/")[3]]
            return _ok(200, found[0]) if found else error("404.event_type")()
        uid = route.split("/")[3]
        booking = next((entry for entry in self.bookings if entry["uid"] == uid), None)
        if booking is None:
            return error("404.booking")()
        if route.endswith("/cancel"):
            if booking["status"] == "cancelled":
                return error("400.already_cancelled")()
            booking["status"] = "cancelled"
        if route.endswith("/reschedule"):
            return self._move(booking, values["start"])
        if route.endswith(("/confirm", "/decline")):
            if booking["status"] != "pending":
                return _refused("Booking is not pending")
            booking["status"] = "accepted" if route.endswith("/confirm") else "rejected"
        if route.endswith("/mark-absent"):
            said = {each["email"]: each["absent"] for each in values["attendees"]}
            booking["attendees"] = [each | {"absent": said.get(each["email"], False)} for each in booking["attendees"]]
        return _ok(200, booking)

    def _move(self, booking: dict[str, Any], start: str) -> Answer:
        if start in self.taken:
            return error("400.slot_unavailable")()
        kept = {name: booking[name] for name in ("eventTypeId", "metadata", "attendees")}
        moved = self.book(start.replace("Z", "+00:00"), rescheduledFromUid=booking["uid"], **kept)
        booking |= {"status": "cancelled", "rescheduledToUid": moved["uid"]}
        return _ok(201, moved)

    def _create(self, values: dict[str, Any]) -> Answer:
        if values["start"] in self.taken:
            return error("400.slot_unavailable")()
        if self.status == "accepted" and self._booked_at(values["start"]) + 1 >= self.places:
            self.taken.add(values["start"])
        start = datetime.fromisoformat(values["start"]) + self.shift
        booking = self.book(
            start.isoformat(),
            eventTypeId=values["eventTypeId"],
            metadata=values["metadata"],
            attendees=[values["attendee"]],
        )
        self.before_answer(booking)
        return _ok(201, booking)

    def _list(self, values: dict[str, Any]) -> Answer:
        found = [
            booking
            for booking in self.bookings
            if values.get("attendeeEmail") in (None, booking["attendees"][0]["email"])
            and str(booking["eventTypeId"]) in values.get("eventTypeIds", str(booking["eventTypeId"]))
            and booking["start"] >= values.get("afterStart", "")
            and booking["end"] <= values.get("beforeEnd", "9")
            and booking["updatedAt"] >= values.get("afterUpdatedAt", "")
        ]
        skip, take = int(values["skip"]), int(values["take"])
        more = {"hasNextPage": self.says_more or len(found) > skip + take}
        return 200, {}, json.dumps({"status": "success", "data": found[skip : skip + take], "pagination": more})


def webhook(booking: dict[str, Any], trigger: str, at: str, **values: Any) -> dict[str, Any]:
    """The body of the webhook that tells of this booking."""
    payload = {
        "uid": booking["uid"],
        "bookingId": booking["id"],
        "eventTypeId": booking["eventTypeId"],
        "startTime": booking["start"].replace(".000Z", "+00:00"),
        "endTime": booking["end"].replace(".000Z", "+00:00"),
        "organizer": {"id": HOST, "name": "Mara Buche", "email": "mara.buche@example.org"},
        "attendees": booking["attendees"],
    }
    if trigger not in ("BOOKING_CANCELLED", "BOOKING_REJECTED"):
        payload["metadata"] = booking["metadata"]
    return {"triggerEvent": trigger, "createdAt": at, "payload": payload | values}


def _refused(message: str) -> Answer:
    details = {"message": message, "error": "Bad Request", "statusCode": 400}
    body = {"code": "BadRequestException", "message": message, "details": details}
    return 400, {}, json.dumps({"status": "error", "timestamp": "", "path": "", "error": body})


def _ok(status: int, data: Any) -> Answer:
    return status, {}, json.dumps({"status": "success", "data": data})


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
