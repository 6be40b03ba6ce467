"""Who waits for such a time, in the order in which they asked."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from appointments.booking.alternatives import NEAR
from appointments.models import FollowUp, FreedTime, Offer, WaitingEntry
from calls.models import BookingRequest, Customer, Staff


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer who waits: by a follow-up whose wished time was taken, by an entry of the waiting list, or by both."""

    customer: Customer | None
    asked_at: datetime
    follow_up: FollowUp | None = None
    entry: WaitingEntry | None = None

    @classmethod
    def of(cls, offer: Offer) -> "Candidate":
        """Who was asked by this offer."""
        return cls(offer.customer, offer.created_at, offer.follow_up, offer.waiting_entry)

    @property
    def wish(self) -> BookingRequest | None:
        """What was asked for on the phone or through the API; None for an entry alone."""
        return self.follow_up.booking_request if self.follow_up is not None else None

    @property
    def staff(self) -> Staff | None:
        """The person who was wished for."""
        wished = self.wish.staff if self.wish is not None else None
        return wished or (self.entry.staff if self.entry is not None else None)


def candidates(freed: FreedTime) -> list[Candidate]:
    """Those whom it would suit and who were neither asked nor passed over yet; never whoever has left it."""
    waiting: dict[Hashable, Candidate] = {}
    # Who asked at the same moment stays in the order of the rows.
    for found in sorted([*_by_follow_up(freed), *_by_entry(freed)], key=lambda each: each.asked_at):
        key = _key(found)
        first = waiting.get(key)
        waiting[key] = found if first is None else _joined(first, found)
    return [each for each in waiting.values() if not _is_known(each, freed)]


def _by_follow_up(freed: FreedTime) -> Iterator[Candidate]:
    """Wishes for this time, or for one of the same day within the hours in which alternatives are looked for."""
    related = ("customer__company", "booking_request__customer__company", "booking_request__call__customer__company")
    places = ("booking_request__branch__company", "booking_request__call__branch__company")
    rows = FollowUp.objects.select_related(*related, *places, "booking_request__staff").filter(
        Q(booking_request__staff=None) | Q(booking_request__staff=freed.staff_id),
        company_id=freed.company_id,
        status=FollowUp.Status.OPEN,
        reason=FollowUp.Reason.SLOT_GONE,
        booking_request__service=freed.service_id,
        booking_request__starts_at__range=(freed.starts_at - NEAR, freed.starts_at + NEAR),
    )
    for row in rows.exclude(booking__status=BookingRequest.Status.OPEN).order_by("pk"):
        request = row.booking_request
        if request is not None and _is_there_and_then(request, freed):
            yield Candidate(row.customer or request.who, request.created_at, follow_up=row)


def _is_there_and_then(request: BookingRequest, freed: FreedTime) -> bool:
    assert request.starts_at is not None  # by the query
    same_day = request.starts_at.astimezone(freed.zone).date() == freed.local.date()
    return same_day and request.where.pk == freed.branch_id


def _by_entry(freed: FreedTime) -> Iterator[Candidate]:
    day = freed.local.date()
    rows = WaitingEntry.objects.select_related("customer__company", "staff").filter(
        Q(staff=None) | Q(staff=freed.staff_id),
        Q(branch=None) | Q(branch=freed.branch_id),
        company_id=freed.company_id,
        state=WaitingEntry.State.WAITING,
        service=freed.service_id,
        first_day__lte=day,
        last_day__gte=day,
    )
    for row in rows.order_by("pk"):
        if row.suits(freed.local):
            yield Candidate(row.customer, row.asked_at, entry=row)


def _key(candidate: Candidate) -> Hashable:
    """One customer is asked once, for whatever they wait."""
    if candidate.customer is not None:
        return candidate.customer.pk
    return ("follow-up", candidate.follow_up.pk if candidate.follow_up is not None else None)


def _joined(first: Candidate, other: Candidate) -> Candidate:
    return replace(first, follow_up=first.follow_up or other.follow_up, entry=first.entry or other.entry)


def _is_known(candidate: Candidate, freed: FreedTime) -> bool:
    if candidate.customer is None:
        return freed.offers.filter(follow_up=candidate.follow_up).exists()
    if candidate.customer.pk == freed.appointment.customer_id:
        return True
    return freed.offers.filter(customer=candidate.customer).exists()
