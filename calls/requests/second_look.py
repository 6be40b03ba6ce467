"""Compares what a call says after its wishes were read with what was booked; if they differ, a person is asked."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from django.db import transaction

from appointments import follow_ups
from appointments.models import Appointment, Detail, FollowUp
from appointments.tasks import booking_chain
from askpro.language.sentences import Facts
from calls.customers import has_agreed, take_back_consent
from calls.models import About, BookingRequest, Call, Unclear
from calls.requests.contradictions import contradicting, unheard
from calls.requests.rows import missed
from calls.wishes.agent_bookings import AgentBooked
from calls.wishes.extraction import Extraction
from calls.wishes.wish import Version

Reason = FollowUp.Reason
REASONS: Final = (Reason.CONTRADICTION, Reason.PERHAPS_BOOKED)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A request that the call now contradicts. `unclear` is why it must no longer be booked."""

    request: BookingRequest
    unclear: Unclear
    detail: Detail | Unclear
    facts: Facts = field(default_factory=dict)
    words: str = ""

    @property
    def reason(self) -> FollowUp.Reason:
        return Reason.PERHAPS_BOOKED if self.unclear.about is About.BOOKED else Reason.CONTRADICTION


def has_news(call: Call, heard: Extraction) -> bool:
    """Whether the call now says something that its requests do not hold."""
    takes_back = heard.sms_refused and has_agreed(call)
    return takes_back or any(_contradictions(call, heard)) or bool(_missed(call, heard))


def act_on_news(call: Call, heard: Extraction) -> None:
    """Ask a person, once, about each request that the call now contradicts; what was booked stays booked.

    1. A request not yet sent to Cal.com is no longer booked: its booking job hands it over to a person.
    2. For any other request a follow-up is opened here.
    3. An appointment that was not known becomes a request of its own, for a person.
    """
    for found in _contradictions(call, heard):
        with transaction.atomic():
            _ask_about(found)
    if heard.sms_refused:
        take_back_consent(call)
    for version in _missed(call, heard):
        ordinals = call.booking_requests.values_list("ordinal", flat=True)
        request = missed(call, version, max(ordinals, default=0) + 1)
        request.save()
        booking_chain(request).send()


def _ask_about(found: Contradiction) -> None:
    # A booking job holds this row while it reserves: it has reserved already, or it will not.
    request = BookingRequest.objects.select_for_update(no_key=True).get(pk=found.request.pk)
    appointment = Appointment.objects.filter(booking_request=request).first()
    if appointment is None and request.status == BookingRequest.Status.OPEN:
        request.unclear, request.notes = found.unclear, ", ".join(filter(None, (request.notes, found.words)))
        request.save(update_fields=["unclear", "notes"])
    else:
        follow_ups.open_for(request, found.reason, found.detail, found.facts, appointment=appointment)


def _contradictions(call: Call, heard: Extraction) -> Iterator[Contradiction]:
    """Contradictions of requests that are booked or about to be, and that no person was asked about yet."""
    standing = (BookingRequest.Status.OPEN, BookingRequest.Status.BOOKED)
    requests = call.booking_requests.select_related("service", "staff").filter(status__in=standing, unclear="")
    for request in requests.exclude(follow_ups__reason__in=REASONS).order_by("ordinal"):
        if found := _contradiction(call, request, heard):
            yield found


def _contradiction(call: Call, request: BookingRequest, heard: Extraction) -> Contradiction | None:
    if heard.objection is not None:
        return Contradiction(request, heard.objection, heard.objection, words=heard.intentions.words)
    if heard.agent_booked is AgentBooked.YES:
        return Contradiction(request, Unclear.PERHAPS_BOOKED, Unclear.PERHAPS_BOOKED)
    if heard.appointment_requested is False:
        return Contradiction(request, Unclear.CONTRADICTION, Detail.NOT_WANTED)
    if other := contradicting(call, request, heard.versions):
        return Contradiction(request, Unclear.CONTRADICTION, Detail.SAID_OTHERWISE, {"said": other.words}, other.words)
    if request.sms_consent and heard.sms_refused:
        return Contradiction(request, Unclear.CONTRADICTION, Detail.NO_SMS)
    return None


def _missed(call: Call, heard: Extraction) -> list[Version]:
    requests = list(call.booking_requests.all())
    return unheard(requests, heard.versions) if requests and heard.wishes and heard.objection is None else []
