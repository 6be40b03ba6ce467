"""A freed time's next step: whom it is offered to, and what becomes of an offer."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from appointments import availability
from appointments.calcom.errors import NotFound
from appointments.freed import objections
from appointments.freed.matching import Candidate, candidates
from appointments.freed.wishes import request_for
from appointments.models import Appointment, Detail, Ending, FreedTime, Offer, Passed, Question, WaitingEntry
from askpro.queues.errors import Gone
from calls.models import BookingRequest
from notifications import opt_outs, outbox, recipients
from notifications.models import Notification
from notifications.quiet_hours import quiet_until

State = Offer.State

# An answer that came in time still counts while it is worked on.
GRACE: Final = timedelta(minutes=1)
# Cal.com's free starts are asked for in a range.
MOMENT: Final = timedelta(minutes=1)


def go_on(freed_time_id: int, now: datetime) -> None:
    """Do what is due at `now`; run it again whenever it may be. Raises `Gone`, and Cal.com's errors.

    1. Settle what was offered: an accepted offer follows its booking, an unanswered one ends at its deadline.
    2. Stop where the time is taken, too near, or no longer to be offered; wait where the quiet hours have begun.
    3. Ask Cal.com, outside of any transaction, whether it still offers the time: a host's own calendar may not.
    4. Offer it to the next one, in one transaction: offer, question, message and its job; or end it.
    Each transaction begins with the lock of the freed time, so an answer comes before a deadline, or after it.
    """
    if not _settle(freed_time_id, now):
        return
    is_free = _is_free(freed_time_id)
    with transaction.atomic():
        freed = _held(freed_time_id)
        if freed.state != FreedTime.State.OPEN or freed.offers.filter(state__in=Offer.LIVE).exists():
            return
        if not is_free:
            freed.end(Ending.NOT_FREE)
        elif not _offer_to_next(freed, now):
            freed.end(Ending.NOBODY)


def _settle(freed_time_id: int, now: datetime) -> bool:
    """Whether somebody may be asked now."""
    with transaction.atomic():
        freed = _held(freed_time_id)
        if freed.state == FreedTime.State.ACCEPTED:
            _follow_booking(freed, now)
        if freed.state != FreedTime.State.OPEN:
            return False
        if why := objections.against_offering(freed):
            _stop(freed, why)
            return False
        if not _is_over(freed, now):
            return False
        if objections.is_too_near(freed, now):
            _stop(freed, Ending.TOO_NEAR)
            return False
        until = quiet_until(now, freed.zone, freed.company.quiet_from, freed.company.quiet_until)
        if until is not None:
            freed.wait_until(until)
        return until is None


def _held(freed_time_id: int) -> FreedTime:
    freed = FreedTime.hold(freed_time_id)
    if freed is None:
        raise Gone(f"There is no freed time {freed_time_id}.")
    return freed


def _follow_booking(freed: FreedTime, now: datetime) -> None:
    """What became of the booking of whoever accepted it."""
    offer = freed.offers.exclude(booking_request=None).select_related("booking_request").order_by("-id").first()
    request = offer.booking_request if offer is not None else None
    if offer is None or request is None:
        freed.end(Ending.HANDED_OVER)
    elif _stands(request):
        _note_booked(freed, offer)
    elif offer.state == State.GONE:
        freed.end(Ending.TAKEN)
        outbox.tell_gone(offer)
    elif request.status == BookingRequest.Status.FOLLOW_UP:
        _note_handed_over(freed, offer)
    elif request.status != BookingRequest.Status.OPEN:
        # Cancelled before it was booked, or at once: the next one may have it.
        offer.decline()
        freed.reopen(now)


def _stands(request: BookingRequest) -> bool:
    """Whether Cal.com has the booking; the host may still have to agree."""
    booked = Appointment.objects.filter(objections.STANDS, booking_request=request, calcom_uid__isnull=False)
    return booked.exists()


def _note_booked(freed: FreedTime, offer: Offer) -> None:
    freed.note_booked()
    offer.end(State.BOOKED)
    if offer.waiting_entry is not None:
        offer.waiting_entry.end(WaitingEntry.State.SERVED)
    if offer.follow_up is not None:
        offer.follow_up.make_obsolete(Detail.FREED_TIME)


def _note_handed_over(freed: FreedTime, offer: Offer) -> None:
    """A person has a follow-up about this booking, which takes the place of the one before: nobody is called twice."""
    offer.end(State.HANDED_OVER)
    freed.end(Ending.HANDED_OVER)
    if offer.follow_up is not None:
        offer.follow_up.make_obsolete(Detail.REPLACED)


def _stop(freed: FreedTime, why: Ending) -> None:
    freed.end(why)
    for offer in freed.offers.filter(state=State.OPEN):
        offer.withdraw()
        Question.withdraw(pk=offer.question_id)


def _is_over(freed: FreedTime, now: datetime) -> bool:
    """Whether nobody is being asked any more."""
    offer = freed.offers.filter(state=State.OPEN).select_related("question").first()
    if offer is None:
        return True
    message = Notification.objects.filter(offer=offer, kind=Notification.Kind.OFFER).first()
    is_late = offer.ends_at is not None and now >= offer.ends_at + GRACE
    if message is not None and message.status in Notification.REACHES_NOBODY:
        offer.skip(message.reason, message.reason_facts)
    elif is_late and (message is None or message.status == Notification.Status.PENDING):
        offer.skip(Passed.NOT_SENT, {})
    elif is_late:
        offer.expire()
    else:
        return False
    Question.withdraw(pk=offer.question_id)
    return True


def _is_free(freed_time_id: int) -> bool:
    freed = FreedTime.objects.select_related("branch__company", "service__company", "staff").get(pk=freed_time_id)
    end = freed.starts_at + MOMENT
    try:
        found = availability.free_times(freed.service, freed.starts_at, end, freed.staff, branch=freed.branch)
    except NotFound:
        return False
    return freed.starts_at in found


def _offer_to_next(freed: FreedTime, now: datetime) -> bool:
    """Offer it to the first one who may be asked, and note why those before were passed over; False if none is left."""
    return any(_offer(freed, candidate, now) for candidate in candidates(freed))


def _offer(freed: FreedTime, candidate: Candidate, now: datetime) -> bool:
    request = request_for(candidate, freed)
    values = {
        "company": freed.company,
        "freed_time": freed,
        "customer": candidate.customer,
        "follow_up": candidate.follow_up,
        "waiting_entry": candidate.entry,
    }
    if objection := objections.against_customer(request, freed, now):
        why, facts = objection
        Offer.objects.create(**values, state=State.SKIPPED, why=why, why_facts=why.checked(facts))
        return False
    ends_at, number = now + timedelta(minutes=freed.company.offer_minutes), recipients.number_for(request)
    question = Question.ask(
        number=number,
        sender=opt_outs.sender_of(freed.company),
        kind=Question.Kind.OFFER,
        company=freed.company,
        customer=candidate.customer,
        ends_at=ends_at + GRACE,
    )
    if question is None:
        Offer.objects.create(**values, state=State.SKIPPED, why=Passed.ASKED_ELSE)
        return False
    offer = Offer.objects.create(**values, question=question, ends_at=ends_at)
    question.notification = outbox.ask_offered(offer, number)
    question.save(update_fields=["notification"])
    freed.wait_until(ends_at + GRACE)
    return True
