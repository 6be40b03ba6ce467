"""Cal.com's API v2: one method per call, typed answers, and errors that say what to do next."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from django.conf import settings

from appointments.calcom.account import Owner, Schedule, Webhook
from appointments.calcom.booking import Booking, may_bear
from appointments.calcom.errors import (
    BookingRefused,
    answer_error,
    cancel_error,
    common_error,
    create_error,
    is_word,
    read_error,
    reschedule_error,
    webhook_error,
)
from appointments.calcom.event_types import EventType
from appointments.models import Detail
from askpro import gates
from askpro.http import Answer, Client
from askpro.metrics.routes import Routes
from askpro.queues.errors import JobError, Rejected, Unavailable, Unknown
from askpro.reading import Fields, Unreadable, mapping
from calls.models import Company

# Each resource has a version of its own. A missing or misspelt one silently means an older, different API.
BOOKINGS_VERSION: Final = "2024-08-13"
SLOTS_VERSION: Final = "2024-09-04"
EVENT_TYPES_VERSION: Final = "2024-06-14"
SCHEDULES_VERSION: Final = "2024-06-11"

ROUTES: Final = Routes(
    (
        "/v2/slots",
        "/v2/bookings",
        "/v2/bookings/{}",
        "/v2/bookings/{}/cancel",
        "/v2/bookings/{}/reschedule",
        "/v2/bookings/{}/confirm",
        "/v2/bookings/{}/decline",
        "/v2/bookings/{}/mark-absent",
        "/v2/event-types",
        "/v2/event-types/{}",
        "/v2/teams",
        "/v2/teams/{}/event-types",
        "/v2/me",
        "/v2/schedules",
        "/v2/webhooks",
        "/v2/webhooks/{}",
    )
)
PAGE: Final = 100
# A row that changes while a list is read moves in it, so each page overlaps the end of the one before.
PAGE_OVERLAP: Final = 10
MOST_PAGES: Final = 500
LONGEST_CHAIN: Final = 10
MOST_TEAMS: Final = 20
MOST_WEBHOOKS: Final = 250


@dataclass(frozen=True, slots=True)
class NewBooking:
    """What to book: `starts_at` aware, `phone` E.164 or empty, `email` never shared by customers.

    `responses` are answers to booking fields, by slug; `host` is the only one of the event type's who may take it.
    """

    event_type_id: int
    starts_at: datetime
    name: str
    email: str
    phone: str
    language: str
    time_zone: str
    key: UUID
    appointment_id: int
    responses: Mapping[str, Any] = field(default_factory=dict)
    host: int | None = None


class Calcom:
    """Cal.com with one API key.

    Besides the errors named at each method, every method raises `RateLimited`, `Unavailable`, `Rejected` (the key,
    or a request that Cal.com does not route: our bug), and `Unknown` when a write may have happened.
    No error text contains what Cal.com wrote, since its messages quote uids and addresses.
    """

    def __init__(self, base_url: str, api_key: str) -> None:
        gate = gates.calcom(api_key)
        self._http = Client(
            "Cal.com",
            base_url,
            speaks=is_word,
            gate=gate,
            headers={"Authorization": f"Bearer {api_key}"},
            routes=ROUTES,
        )

    def slots(self, event_type_id: int, start: datetime, end: datetime, host: int | None = None) -> list[datetime]:
        """Free starts between two instants, of any host or of this one, in UTC, in order. Raises `NotFound`."""
        query = {"eventTypeId": event_type_id, "start": _utc(start), "end": _utc(end)}
        query |= {"rrHostSubsetIds": host} if host is not None else {}
        days = self._get("/v2/slots", SLOTS_VERSION, dict, query)
        entries = [entry for day in days.values() for entry in _list(day)]
        # The published schema says texts, the server sends objects.
        starts = [Fields(entry if isinstance(entry, dict) else {"start": entry}) for entry in entries]
        return sorted({_read(lambda start=start: start.moment("start")) for start in starts})

    def create_booking(self, new: NewBooking) -> Booking:
        """Book. Raises `SlotGone`, `BookingRefused`; an answer with status pending is no appointment yet."""
        data = self._post("/v2/bookings", _request_of(new))
        return _read(lambda: Booking.from_api(data), Unknown)

    def find_bookings_by_key(self, key: UUID, event_type_id: int, starts_at: datetime) -> list[Booking]:
        """The bookings with `key`, the one that counts first: live ones before ended ones, then the oldest first.

        The search is by event type around the first time, because metadata cannot be searched and an event type may
        rewrite addresses. If a booking was moved to another time, its chain is followed. Raises `Unavailable` rather
        than leaving out a booking that cannot be read and may be ours.
        """
        around = {
            "eventTypeIds": str(event_type_id),
            "afterStart": _utc(starts_at - timedelta(days=1)),
            "beforeEnd": _utc(starts_at + timedelta(days=2)),
        }
        entries = [entry for entry in self._entries(around) if may_bear(entry, key)]
        found = [_read(lambda entry=entry: Booking.from_api(entry)) for entry in entries]
        ends = {end.uid: end for end in map(self._end_of_chain, (booking for booking in found if booking.key == key))}
        return sorted(ends.values(), key=lambda booking: (booking.ended, booking.id or 0))

    def get_booking(self, uid: str) -> Booking:
        """One booking. Raises `NotFound`."""
        data = self._get(f"/v2/bookings/{uid}", BOOKINGS_VERSION, dict)
        return _read(lambda: Booking.from_api(data))

    def chain(self, uid: str) -> list[Booking]:
        """A booking and what it was moved to since, the newest last. Raises `NotFound`."""
        bookings = [self.get_booking(uid)]
        while bookings[-1].rescheduled_to and len(bookings) < LONGEST_CHAIN:
            bookings.append(self.get_booking(bookings[-1].rescheduled_to))
        return bookings

    def list_bookings(self, query: Mapping[str, Any]) -> Iterator[Booking]:
        """All bookings that match Cal.com's filters, such as afterUpdatedAt, without the unreadable ones."""
        seen = set()
        for booking in _readable(self._entries(query)):
            if (booking.uid, booking.updated_at) not in seen:
                seen.add((booking.uid, booking.updated_at))
                yield booking

    def cancel(self, uid: str, reason: str) -> Booking | None:
        """Cancel; None if it was cancelled, or moved to another uid, before. Raises `BookingRefused`, `NotFound`."""
        data = self._post(f"/v2/bookings/{uid}/cancel", {"cancellationReason": reason}, cancel_error)
        return _read(lambda: Booking.from_api(data), Unknown) if data else None

    def reschedule(self, uid: str, starts_at: datetime, reason: str) -> Booking:
        """Move a booking: the answer has a new uid. Raises `SlotGone`, `BookingRefused`, `NotFound`."""
        data = self._post(
            f"/v2/bookings/{uid}/reschedule",
            {"start": _utc(starts_at), "reschedulingReason": reason},
            reschedule_error,
        )
        if data:
            return _read(lambda: Booking.from_api(data), Unknown)
        moved = self.chain(uid)[-1]
        if moved.starts_at != starts_at:
            raise BookingRefused(Detail.REFUSED_INVALID)
        return moved

    def confirm(self, uid: str) -> Booking:
        """Say the host's yes to a pending booking. Raises `BookingRefused`, also where it was said, and `NotFound`."""
        return self._answered(f"/v2/bookings/{uid}/confirm", {})

    def decline(self, uid: str, reason: str) -> Booking:
        """Say the host's no to a pending booking. Raises `BookingRefused`, also where it was said, and `NotFound`."""
        return self._answered(f"/v2/bookings/{uid}/decline", {"reason": reason})

    def mark_absent(self, uid: str, email: str, *, absent: bool) -> Booking:
        """Note whether the attendee with this address came, once it has begun. Raises `BookingRefused`, `NotFound`."""
        attendees = [{"email": email, "absent": absent}]
        return self._answered(f"/v2/bookings/{uid}/mark-absent", {"attendees": attendees})

    def event_types(self) -> list[EventType]:
        """The event types of this key's user and of the user's teams, without the unreadable ones."""
        entries = self._get("/v2/event-types", EVENT_TYPES_VERSION, list)
        for team in self._shown("/v2/teams")[:MOST_TEAMS]:
            if id_ := Fields.of(team).number("id"):
                entries += self._shown(f"/v2/teams/{id_}/event-types", EVENT_TYPES_VERSION)
        found = [event_type for entry in entries if (event_type := EventType.from_api(entry))]
        return list({event_type.id: event_type for event_type in found}.values())

    def event_type(self, id_: int) -> EventType | None:
        """One event type; None if it makes no sense. Raises `NotFound`, perhaps also for a team's event type."""
        return EventType.from_api(self._get(f"/v2/event-types/{id_}", EVENT_TYPES_VERSION, dict))

    def owner(self) -> Owner:
        """Whose key it is."""
        return Owner.from_api(self._checked(self._http.request("GET", "/v2/me"), dict))

    def schedules(self) -> list[Schedule]:
        """When this key's user works."""
        return [Schedule.from_api(entry) for entry in self._get("/v2/schedules", SCHEDULES_VERSION, list)]

    def webhooks(self) -> list[Webhook]:
        """The user's webhooks, without the unreadable ones."""
        entries = self._checked(self._http.request("GET", "/v2/webhooks", params={"take": MOST_WEBHOOKS}), list)
        return [found for entry in entries if (found := Webhook.from_api(entry))]

    def create_webhook(self, url: str, secret: str, triggers: Iterable[str]) -> None:
        """Raises `WebhookRefused`."""
        body = {"active": True, "subscriberUrl": url, "secret": secret, "triggers": sorted(triggers)}
        self._write("POST", "/v2/webhooks", body, webhook_error)

    def change_webhook(self, id_: str, secret: str, triggers: Iterable[str]) -> None:
        """Switch it on with these triggers and, if given, this secret. Raises `WebhookRefused`, `NotFound`."""
        body = {"active": True, "triggers": sorted(triggers)} | ({"secret": secret} if secret else {})
        self._write("PATCH", f"/v2/webhooks/{quote(id_, safe='')}", body, webhook_error)

    def _shown(self, path: str, version: str = "") -> list[Any]:
        """A list that this Cal.com may not have, or not show to this key: then it is empty."""
        answer = self._http.request("GET", path, headers={"cal-api-version": version} if version else None)
        found: list[Any] = [] if answer.status_code in (403, 404) else self._checked(answer, list)
        return found

    def _entries(self, query: Mapping[str, Any]) -> Iterator[Any]:
        """Every entry of a list, page by page up to the first that is not full.

        Cal.com's `hasNextPage` counts rows that the filter leaves out, and so may never become false.
        """
        for page in range(MOST_PAGES):
            asked = {**query, "take": PAGE, "skip": page * (PAGE - PAGE_OVERLAP)}
            entries = self._get("/v2/bookings", BOOKINGS_VERSION, list, asked)
            yield from entries
            if len(entries) < PAGE:
                return
        raise Unavailable(f"Cal.com: the list does not end after {MOST_PAGES} pages")

    def _end_of_chain(self, booking: Booking) -> Booking:
        for _ in range(LONGEST_CHAIN):
            if not booking.rescheduled_to:
                return booking
            booking = self.get_booking(booking.rescheduled_to)
        return booking

    def _get(self, path: str, version: str, kind: type, query: Mapping[str, Any] | None = None) -> Any:
        answer = self._http.request("GET", path, params=query, headers={"cal-api-version": version})
        return self._checked(answer, kind)

    def _checked(self, answer: Answer, kind: type) -> Any:
        """The data of an answer to a question. Raises what a refusal means."""
        if not answer.ok:
            raise common_error(answer.status_code, _message(answer)) or read_error(answer.status_code)
        return _data(answer, kind, Unavailable)

    def _answered(self, path: str, body: Mapping[str, Any]) -> Booking:
        data = self._post(path, body, answer_error)
        return _read(lambda: Booking.from_api(data), Unknown)

    def _post(self, path: str, body: Mapping[str, Any], classify: Any = create_error) -> Any:
        return self._write("POST", path, body, classify)

    def _write(self, method: str, path: str, body: Mapping[str, Any], classify: Any) -> Any:
        answer = self._http.request(method, path, json=body, headers={"cal-api-version": BOOKINGS_VERSION})
        if answer.ok:
            return _data(answer, dict, Unknown)
        message = _message(answer)
        error = common_error(answer.status_code, message) or classify(answer.status_code, message)
        if error is not None:
            raise error
        return {}


def for_company(company: Company) -> Calcom:
    """Cal.com with the company's key, or with this installation's. Raises `Rejected` when there is none."""
    key = company.calcom_api_key or settings.CALCOM_API_KEY
    if not key:
        raise Rejected("There is no Cal.com API key: set the company's, or CALCOM_API_KEY for all.")
    return _connected(settings.CALCOM_BASE_URL, key, settings.CALCOM_REQUESTS_PER_MINUTE)


@lru_cache(maxsize=64)
def _connected(base_url: str, api_key: str, per_minute: int) -> Calcom:
    # One client per key keeps its connection alive from one job to the next.
    return Calcom(base_url, api_key)


def _request_of(new: NewBooking) -> dict[str, Any]:
    attendee = {"name": new.name, "email": new.email, "timeZone": new.time_zone, "language": new.language}
    return {
        "start": _utc(new.starts_at),
        "eventTypeId": new.event_type_id,
        "attendee": attendee | ({"phoneNumber": new.phone} if new.phone else {}),
        "metadata": {"askpro_booking_key": str(new.key), "askpro_appointment_id": str(new.appointment_id)},
        **({"bookingFieldsResponses": dict(new.responses)} if new.responses else {}),
        **({"rrHostSubsetIds": [new.host]} if new.host is not None else {}),
    }


def _utc(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(read: Any, otherwise: type[JobError] = Unavailable) -> Any:
    """A typed answer. If it cannot be read, the outcome of a write is unknown, and a read is tried again."""
    try:
        return read()
    except Unreadable as error:
        raise otherwise(f"Cal.com: unreadable answer: {error}") from None


def _readable(entries: Iterable[Any]) -> Iterator[Booking]:
    for entry in entries:
        try:
            yield Booking.from_api(entry)
        except Unreadable:
            continue  # One unreadable booking must not hide the others; recurring ones come as lists, for example.


def _data(answer: Answer, kind: type, otherwise: type[JobError]) -> Any:
    body = mapping(answer.json())
    data = body.get("data")
    if body.get("status") != "success" or not isinstance(data, kind):
        raise otherwise("Cal.com: unreadable answer: no data of the expected type")
    return data


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise Unavailable("Cal.com: unreadable answer: a day's slots are no list")
    return value


def _message(answer: Answer) -> str:
    """The vendor's message from either error shape, to tell cases apart; it is never shown, logged or stored."""
    body = Fields.of(answer.json())
    return body.inside("error").text("message", 1000) or body.text("message", 1000)
