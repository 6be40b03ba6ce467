"""Cal.com's list of bookings: filters, order and pages."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from askpro.dev.sandbox.calcom.booking import ACCEPTED, CANCELLED, PENDING, REJECTED, Booking
from askpro.dev.sandbox.calcom.text import parsed

DEFAULT_TAKE = 100

_STATUSES: dict[str, Callable[[Booking, datetime], bool]] = {
    "upcoming": lambda booking, now: booking.end >= now and booking.status in (ACCEPTED, PENDING),
    "recurring": lambda booking, now: booking.end >= now and bool(booking.recurring_uid),
    "past": lambda booking, now: booking.end <= now and booking.status not in (CANCELLED, REJECTED),
    "cancelled": lambda booking, now: booking.status in (CANCELLED, REJECTED),
    "unconfirmed": lambda booking, now: booking.end >= now and booking.status == PENDING,
}
_BOUNDS: dict[str, Callable[[Booking, datetime], bool]] = {
    "afterStart": lambda booking, bound: booking.start >= bound,
    "beforeEnd": lambda booking, bound: booking.end <= bound,
    "afterCreatedAt": lambda booking, bound: booking.created_at >= bound,
    "beforeCreatedAt": lambda booking, bound: booking.created_at <= bound,
    "afterUpdatedAt": lambda booking, bound: booking.updated_at >= bound,
    "beforeUpdatedAt": lambda booking, bound: booking.updated_at <= bound,
}
_LEFT_OUT_OF_TOTALS = ("afterCreatedAt", "beforeCreatedAt", "afterUpdatedAt", "beforeUpdatedAt")
_ORDERS: dict[str, Callable[[Booking], datetime]] = {
    "sortStart": lambda booking: booking.start,
    "sortEnd": lambda booking: booking.end,
    "sortCreated": lambda booking: booking.created_at,
    "sortUpdatedAt": lambda booking: booking.updated_at,
}


def matching(bookings: list[Booking], query: dict[str, str], now: datetime) -> list[Booking]:
    """Those that pass every filter of a checked query, in its order; by id if it names none."""
    found = [booking for booking in bookings if _passes(booking, query, now)]
    # Sorting is stable: to sort by the first name, then the second, as ORDER BY does, the last one goes first.
    for name in reversed([name for name in query if name in _ORDERS]):
        found.sort(key=_ORDERS[name], reverse=query[name] == "desc")
    return found


def page(bookings: list[Booking], query: dict[str, str], now: datetime) -> tuple[list[Booking], dict[str, Any]]:
    """One page of the bookings that match, and its `pagination`; beyond the end the page is empty.

    The vendor counts before it filters by times of creation and change: totals and `hasNextPage` are those of the
    query without these four filters.
    """
    found = matching(bookings, query, now)
    take, skip = int(query.get("take") or DEFAULT_TAKE), int(query.get("skip") or 0)
    counted = {name: value for name, value in query.items() if name not in _LEFT_OUT_OF_TOTALS}
    rows, total = found[skip : skip + take], sum(_passes(booking, counted, now) for booking in bookings)
    return rows, {
        "returnedItems": len(rows),
        "totalItems": total,
        "itemsPerPage": take,
        "remainingItems": max(0, total - skip - len(rows)),
        "currentPage": skip // take + 1,
        "totalPages": -(-total // take),
        "hasNextPage": skip + take < total,
        "hasPreviousPage": skip > 0,
    }


def _passes(booking: Booking, query: dict[str, str], now: datetime) -> bool:
    wanted = query.get("status")
    if wanted and not any(_STATUSES[name](booking, now) for name in wanted.split(",")):
        return False
    if any(not holds(booking, parsed(query[name])) for name, holds in _BOUNDS.items() if query.get(name)):
        return False
    ids = [part.strip() for name in ("eventTypeId", "eventTypeIds") for part in query.get(name, "").split(",")]
    if any(ids) and str(booking.event_type.id) not in ids:
        return False
    if query.get("bookingUid", booking.uid) != booking.uid:
        return False
    name = query.get("attendeeName", "").lower()
    return any(name in person.name.lower() for person in booking.attendees) if name else True
