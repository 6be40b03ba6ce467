"""The booking request of whoever accepts a freed time, as if they had asked for this time."""

from typing import Any

from appointments.freed.matching import Candidate
from appointments.models import FreedTime
from calls.models import BookingRequest


def request_for(candidate: Candidate, freed: FreedTime) -> BookingRequest:
    """A request for the freed time, not saved: with what the candidate said before, and never another person wished."""
    asked = candidate.wish
    return BookingRequest(
        company=freed.company,
        branch=freed.branch,
        customer=candidate.customer,
        service=freed.service,
        staff=candidate.staff,
        starts_at=freed.starts_at,
        date_words=f"{freed.local:%d.%m.%Y}",
        time_words=f"{freed.local:%H:%M}",
        service_words=freed.service.name,
        staff_words=candidate.staff.name if candidate.staff is not None else "",
        **(_said(asked) if asked is not None else _known(candidate)),
    )


def _said(asked: BookingRequest) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in ("name", "contact_phone", "email", "notes", "sms_consent")}


def _known(candidate: Candidate) -> dict[str, Any]:
    customer = candidate.customer
    return {"name": customer.name, "email": customer.email or ""} if customer is not None else {}
