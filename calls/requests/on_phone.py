"""What the agent's functions have settled while the caller was on the line: the work after the call finds it done.

A wish is known by its time: the agent's fields say in other words, and in another order, what its functions did.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from appointments import follow_ups
from appointments.models import Detail, FollowUp
from calls.german.moment import Moment
from calls.models import BookingRequest, Call, FunctionCall
from calls.requests.branches import branch_of
from calls.requests.moments import moment_of
from calls.wishes.extraction import Extraction
from calls.wishes.intentions import EXISTING, Intentions
from calls.wishes.wish import Version, WishedAppointment

Outcome = FunctionCall.Outcome
CALLS_BACK: Final = "request_callback"
CHANGES: Final = ("cancel_appointment", "reschedule_appointment")


def functions_used(call: Call) -> set[str]:
    """The names of our functions that this call's agent has used: nobody has to ask what these have booked."""
    return set(FunctionCall.objects.filter(call=call).values_list("name", flat=True))


def has_changed(call: Call) -> bool:
    """Whether an appointment was cancelled or moved, or will be."""
    return FunctionCall.settled(call).filter(name__in=CHANGES).exclude(outcome=Outcome.GONE).exists()


def without_settled(call: Call, heard: Extraction) -> Extraction:
    """What is left of the wishes. Another time than was settled, though no further wish, contradicts it."""
    settled = list(FunctionCall.settled(call))
    done = [row for row in settled if row.outcome != Outcome.GONE]
    times = {row.starts_at for row in settled if row.starts_at is not None} | _begun(call)
    if not settled and not times:
        return heard
    left = [wish for wish in heard.wishes if _moment(call, wish) not in times]
    is_further = len(heard.wishes) > len({row.starts_at for row in done if row.starts_at is not None})
    if done and not is_further:
        left = [wish for wish in left if _moment(call, wish) is not None]
    changed = any(row.name in CHANGES for row in done)
    return replace(
        heard,
        wishes=tuple(left),
        versions=tuple(version for version in heard.versions if _moment(call, version) not in times),
        appointment_requested=None if done else heard.appointment_requested,
        callback_requested=heard.callback_requested and not any(row.name == CALLS_BACK for row in done),
        intentions=_without_changes(heard) if changed else heard.intentions,
        transferred=heard.transferred and bool(left),
        contradictory=bool(left) and (heard.contradictory or (bool(done) and not is_further)),
        mentions_appointment=heard.mentions_appointment and not done,
        mentions_existing=heard.mentions_existing and not changed,
        retold_as_existing=heard.retold_as_existing and not changed,
    )


def hand_over_gone(call: Call, requests: Iterable[BookingRequest]) -> bool:
    """Give the last time that was taken to a person, if the caller named no other and was promised nothing else."""
    settled = list(FunctionCall.settled(call).select_related("booking_request"))
    gone = next((row for row in reversed(settled) if row.booking_request is not None), None)
    is_last = bool(settled) and all(row.outcome == Outcome.GONE for row in settled)
    if gone is None or not is_last or any(request.status == request.Status.OPEN for request in requests):
        return False
    request = gone.booking_request
    assert request is not None
    dropped = BookingRequest.objects.filter(pk=request.pk, status=BookingRequest.Status.DROPPED)
    # She heard that it was taken, and not yet that somebody will call.
    if dropped.update(status=BookingRequest.Status.FOLLOW_UP, told_on_phone_at=None) == 0:
        return False
    offered = _offered(gone, request)
    follow_ups.open_for(request, FollowUp.Reason.SLOT_GONE, Detail.TAKEN, alternatives=offered)
    return True


def _begun(call: Call) -> set[datetime]:
    """The times of requests whose function died before it could answer: a job books them. Once the call is read, there
    are others beside them.
    """
    if call.extracted_at is not None:
        return set()
    return {request.starts_at for request in call.booking_requests.all() if request.starts_at is not None}


def note_unheard(call: Call) -> None:
    """Who hung up before the answer came was not told that it is booked: the confirmation's step sees to that."""
    if call.ended_at is not None:
        late = FunctionCall.objects.filter(call=call, answered_at__gt=call.ended_at).values("booking_request")
        booked = BookingRequest.objects.filter(pk__in=late, status=BookingRequest.Status.BOOKED)
        booked.update(told_on_phone_at=None)


def _moment(call: Call, wish: WishedAppointment | Version) -> datetime | None:
    branch, _ = branch_of(call, wish.branch_words)
    said = moment_of(call, branch, wish.date_words, wish.time_words)
    return said.starts_at if isinstance(said, Moment) else None


def _without_changes(heard: Extraction) -> Intentions:
    return replace(heard.intentions, stated=heard.intentions.stated - EXISTING, contradictory=False, words="")


def _offered(gone: FunctionCall, request: BookingRequest) -> list[datetime]:
    zone = request.where.zone
    times = gone.answer.get("data", {}).get("times", [])
    return [datetime.fromisoformat(f"{each['date']}T{each['time']}").replace(tzinfo=zone) for each in times]
