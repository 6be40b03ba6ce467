"""Event types, schedules and the key's owner: the world as Cal.com's API writes it."""

from itertools import groupby
from typing import Any

from askpro.dev.sandbox.calcom.kinds import MANAGED, Kind
from askpro.dev.sandbox.calcom.refusals import Refused
from askpro.dev.sandbox.world import (
    COMPANIES,
    COMPANY_OF_EVENT_TYPE,
    EVENT_TYPES,
    HOSTS,
    TIMEZONE,
    Company,
    EventType,
)

DAYS = {
    "mo": "Monday",
    "di": "Tuesday",
    "mi": "Wednesday",
    "do": "Thursday",
    "fr": "Friday",
    "sa": "Saturday",
    "so": "Sunday",
}


def found(id_: object) -> EventType:
    """Raises the 404."""
    event_type = EVENT_TYPES.get(int(id_)) if isinstance(id_, int | float | str) else None
    if event_type is None:
        raise Refused(404, f"Event type with id {id_} not found.")
    return event_type


def by_slug(slug: str, username: str) -> EventType:
    """Raises the 404."""
    for event_type in EVENT_TYPES.values():
        if event_type.slug == slug and username in {HOSTS[id_].username for id_ in event_type.hosts}:
            return event_type
    raise Refused(404, f"Event type with slug {slug} belonging to user {username} not found.")


def selected(query: dict[str, str]) -> list[EventType]:
    """All that the key sees, or one host's."""
    if username := query.get("username"):
        return [
            event_type
            for event_type in EVENT_TYPES.values()
            if username in {HOSTS[id_].username for id_ in event_type.hosts}
            and query.get("eventSlug", event_type.slug) == event_type.slug
        ]
    return list(EVENT_TYPES.values())


def of_team(id_: str) -> list[EventType]:
    """Raises the 404."""
    company = next((company for company in COMPANIES if str(company.team_id) == id_), None)
    if company is None:
        raise Refused(404, f"Team with id {id_} not found.")
    return list(company.event_types)


def teams() -> list[dict[str, Any]]:
    """All teams that the key's user belongs to."""
    return [
        {"id": company.team_id, "name": company.name, "slug": company.slug, "isOrganization": False}
        for company in COMPANIES
    ]


def listed(event_type: EventType, kind: Kind) -> dict[str, Any]:
    """The event type in GET /v2/event-types, which also shows whether it can be booked as it is."""
    company = COMPANY_OF_EVENT_TYPE[event_type.id]
    owner = HOSTS[event_type.hosts[0]]
    shown = {
        "id": event_type.id,
        "lengthInMinutes": event_type.minutes,
        "title": event_type.title,
        "slug": event_type.slug,
        "description": "",
        "locations": [{"type": "address", "address": company.branch.address, "public": True}],
        "bookingFields": _booking_fields(kind),
        "disableGuests": True,
        "slotInterval": 15,
        "minimumBookingNotice": event_type.minimum_notice,
        "beforeEventBuffer": 0,
        "afterEventBuffer": 0,
        "recurrence": _recurrence(kind),
        "metadata": {},
        "price": kind.price,
        "currency": "eur",
        "lockTimeZoneToggleOnBookingPage": False,
        "forwardParamsSuccessRedirect": None,
        "successRedirectUrl": None,
        "isInstantEvent": False,
        "scheduleId": company.schedule_id,
        "hidden": False,
        "bookingRequiresAuthentication": False,
        **_policies(kind),
    }
    if kind.team:
        return shown | _of_team(event_type, company, kind)
    own = {"ownerId": owner.id, "bookingUrl": f"https://cal.com/{owner.username}/{event_type.slug}"}
    return shown | own | {"users": [_user(id_) for id_ in event_type.hosts]}


def schedules() -> list[dict[str, Any]]:
    return [_schedule(company) for company in COMPANIES]


def owner() -> dict[str, Any]:
    """The user that the API key belongs to."""
    company = COMPANIES[0]
    host = company.hosts[0]
    return {
        "id": host.id,
        "username": host.username,
        "email": host.email,
        "name": host.name,
        "avatarUrl": None,
        "bio": None,
        "timeFormat": 24,
        "defaultScheduleId": company.schedule_id,
        "weekStart": "Monday",
        "timeZone": TIMEZONE,
        "organizationId": None,
    }


def _booking_fields(kind: Kind) -> list[dict[str, Any]]:
    email = {"required": False, "hidden": True} if kind.hides_email else {"required": True}
    phone = kind.phone_required or kind.hides_email
    return [
        {"isDefault": True, "type": "name", "slug": "name", "required": True},
        {"isDefault": True, "type": "email", "slug": "email"} | email,
        {"isDefault": True, "type": "phone", "slug": "attendeePhoneNumber", "required": phone},
        *({"isDefault": False, "type": "text", "label": field["slug"]} | dict(field) for field in kind.fields),
    ]


def _recurrence(kind: Kind) -> dict[str, Any] | None:
    return {"interval": 1, "occurrences": kind.occurrences, "frequency": "weekly"} if kind.occurrences else None


def _policies(kind: Kind) -> dict[str, Any]:
    seats = {"seatsPerTimeSlot": kind.seats, "showAttendeeInfo": True, "showAvailabilityCount": True}
    confirmation = {"type": "always", "blockUnconfirmedBookingsInBooker": False}
    return ({"seatsPerTimeSlot": kind.seats, "seats": seats} if kind.seats else {}) | (
        {"confirmationPolicy": confirmation} if kind.confirmation else {}
    )


def _of_team(event_type: EventType, company: Company, kind: Kind) -> dict[str, Any]:
    return {
        "ownerId": None,
        "teamId": company.team_id,
        "team": {"id": company.team_id, "slug": company.slug, "name": company.name},
        "parentEventTypeId": None,
        "schedulingType": kind.team,
        "assignAllTeamMembers": False,
        "bookingUrl": None if kind.team == MANAGED else f"https://cal.com/team/{company.slug}/{event_type.slug}",
        "hosts": [_host(id_) for id_ in event_type.hosts],
    }


def _host(id_: int) -> dict[str, Any]:
    host = HOSTS[id_]
    named = {"userId": host.id, "name": host.name, "username": host.username, "avatarUrl": None}
    return named | {"mandatory": False, "priority": "medium"}


def _user(id_: int) -> dict[str, Any]:
    host = HOSTS[id_]
    return {
        "id": host.id,
        "name": host.name,
        "username": host.username,
        "avatarUrl": None,
        "brandColor": None,
        "darkBrandColor": None,
        "metadata": {},
    }


def _schedule(company: Company) -> dict[str, Any]:
    spans = [
        ((opens, closes), DAYS[day]) for day, hours in company.branch.opening_hours.items() for opens, closes in hours
    ]
    # One entry per pair of times, with all its days.
    grouped = groupby(sorted(spans, key=lambda span: span[0]), key=lambda span: span[0])
    return {
        "id": company.schedule_id,
        "ownerId": company.hosts[0].id,
        "name": "Öffnungszeiten",
        "timeZone": TIMEZONE,
        "availability": [
            {"days": [day for _, day in days], "startTime": opens, "endTime": closes}
            for (opens, closes), days in grouped
        ],
        "isDefault": True,
        "overrides": [],
    }
