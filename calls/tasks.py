"""The jobs of calls: what Retell reports becomes a call, a request and a customer.

`company_id`, or before it is known `tenant`, says whose turn it is (`fair_by`); jobs that an earlier release has sent
come without it.
"""

import logging
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from appointments import follow_ups
from appointments.models import Detail, FollowUp
from appointments.tasks import create_appointment_from_call, update_analytics
from askpro.queues import Gone, Release, S, actor, chain, wake
from calls.customers import customer_of
from calls.models import Call, Customer, Review
from calls.record import record
from calls.requests import on_phone, second_look
from calls.requests.rows import write_wishes
from calls.retell.call import RetellCall, parse_call
from calls.retell.disconnection import NO_TALK, Disconnection
from calls.retell.event import TRANSFERS, Event
from calls.retell.fields import InvalidCall
from calls.tenancy import number_heard_of, number_of
from calls.wishes.extraction import Extraction, extract, first_wish
from notifications.tasks import send_appointment_confirmation
from webhooks.inbox.reading import Malformed
from webhooks.models import WebhookEvent

log = logging.getLogger(__name__)

Status = Call.Status
Outcome = Call.Outcome

# Seconds between two checks for the analysis; its arrival wakes the job at once.
LOOK_AGAIN: Final = 10.0
STATUS: Final[dict[str, Call.Status]] = {
    Event.STARTED: Status.ONGOING,
    Event.ENDED: Status.ENDED,
    Event.ANALYZED: Status.ANALYZED,
    **dict.fromkeys(TRANSFERS, Status.ONGOING),
}
# No money, no free line, a carrier that refuses: the next calls end the same way.
FOR_OPERATORS: Final = (Disconnection.LIMIT, Disconnection.CARRIER)
# Ends that, for a call without a start, mean that no conversation took place.
NEVER_BEGAN: Final = (Disconnection.LIMIT, Disconnection.CARRIER, Disconnection.VENDOR_ERROR)


@actor(
    queue_name="critical",
    max_retries=2,
    backoff=(10 * S, 60 * S),
    time_limit=60 * S,
    atomic=True,
    fair_by="{tenant}",
    tags=("event:{event_id}",),
)
def process_retell_call_ended(event_id: int, tenant: str = "") -> None:
    """Record the end or the analysis of a call; the first report of its end starts the work that follows a call.

    Writes: WebhookEvent, Call, Job
    """
    event = WebhookEvent.take(event_id)
    if event is not None and (recorded := _record(event)) is not None:
        call, ends, told = recorded
        if ends:
            _start_work(call, told)
        elif call.status == Status.ANALYZED:
            _use_news(call)


@actor(
    queue_name="webhooks",
    max_retries=2,
    backoff=(10 * S, 60 * S),
    time_limit=30 * S,
    atomic=True,
    tags=("event:{event_id}",),
)
def process_retell_call_started(event_id: int) -> None:
    """Record that a call has begun, so that it is seen while it lasts.

    Writes: WebhookEvent, Call
    """
    event = WebhookEvent.take(event_id)
    if event is not None:
        _record(event)


@actor(
    queue_name="critical",
    max_retries=2,
    backoff=(10 * S, 60 * S),
    time_limit=30 * S,
    atomic=True,
    fair_by="{tenant}",
    tags=("event:{event_id}",),
)
def process_retell_transfer(event_id: int, tenant: str = "") -> None:
    """Record how far a caller was put through to a person, and ask about what that person may have booked.

    Writes: WebhookEvent, Call, Job
    """
    event = WebhookEvent.take(event_id)
    if event is not None and (recorded := _record(event)) is not None:
        _use_news(recorded[0])


@actor(
    queue_name="high",
    max_retries=2,
    backoff=(10 * S, 60 * S),
    time_limit=60 * S,
    atomic=True,
    fair_by="company:{company_id}",
    tags=("call:{call_id}",),
)
def extract_call_data(call_id: int, company_id: int | None = None) -> None:
    """Read what the caller asked for into booking requests, once.

    The request may be complete only in call_analyzed, seconds after the end: an incomplete one waits for it, without
    spending tries, for ANALYSIS_WAIT seconds at most.

    Writes: Call, BookingRequest, FollowUp
    """
    call = _locked(call_id)
    if call.extracted_at is not None:
        return
    heard = _heard(call)
    _wait_for_analysis(call, heard)
    requests = write_wishes(call, heard)
    call.extracted_at = timezone.now()
    for why in _reviews(call, heard):
        call.ask_for_look(why)
    call.save(update_fields=["extracted_at", "needs_review", "review_reasons", "updated_at"])
    follow_ups.make_call_obsolete(call, Detail.READ_AFTER_ALL)
    has_gone = on_phone.hand_over_gone(call, requests)
    on_phone.note_unheard(call)
    if heard.booked_by_agent:
        call.settle_outcome(Outcome.BOOKED)
    elif not any(request.status == request.Status.OPEN for request in requests):
        with_person = any(request.status == request.Status.FOLLOW_UP for request in requests)
        needs_person = heard.needs_listening or has_gone or with_person
        otherwise = Outcome.CHANGED if on_phone.has_changed(call) else Outcome.NO_REQUEST
        call.settle_outcome(Outcome.FOLLOW_UP if needs_person else otherwise)
    if heard.needs_listening:
        follow_ups.open_for_call(call, FollowUp.Reason.REVIEW, Detail.MENTIONED)


@actor(
    queue_name="high",
    max_retries=4,
    backoff=(5 * S, 10 * S, 30 * S, 60 * S),
    time_limit=30 * S,
    atomic=True,
    fair_by="company:{company_id}",
    tags=("call:{call_id}",),
)
def identify_customer(call_id: int, company_id: int | None = None) -> None:
    """Find or make the customer who called, before anything is booked for them.

    Writes: Customer, Call, Job
    """
    call = _locked(call_id)
    call.customer = customer_of(call, first_wish(call, call.branch.home))
    call.save(update_fields=["customer", "updated_at"])
    if call.customer is not None:
        update_customer_from_call.send(call_id=call.pk, company_id=call.company_id)


@actor(
    queue_name="high",
    max_retries=4,
    backoff=(5 * S, 30 * S),
    time_limit=30 * S,
    atomic=True,
    fair_by="company:{company_id}",
    tags=("call:{call_id}",),
)
def ask_about_news(call_id: int, company_id: int | None = None) -> None:
    """Ask a person if a call's analysis, or a transfer reported late, contradicts what was booked.

    Writes: BookingRequest, FollowUp, Customer, Notification, Job
    """
    # The call's row is not locked here: a booking job locks the request first, and then the call.
    call = _the(Call.objects.all(), call_id)
    second_look.act_on_news(call, _heard(call))


@actor(
    queue_name="default",
    max_retries=3,
    time_limit=30 * S,
    atomic=True,
    fair_by="company:{company_id}",
    tags=("call:{call_id}",),
)
def update_customer_from_call(call_id: int, company_id: int | None = None) -> None:
    """Note on the customer when the last contact was; a repeated or late event never sets it back.

    Writes: Customer
    """
    call = _locked(call_id)
    if call.customer_id is None:
        return
    at = call.ended_at or call.said_at
    earlier = Q(last_contact_at=None) | Q(last_contact_at__lt=at)
    Customer.objects.filter(earlier, pk=call.customer_id).update(last_contact_at=at)


def send_chain(call: Call) -> None:
    """Send, in the caller's transaction, the chain of jobs that turns a call into an appointment."""
    steps = (
        extract_call_data,
        identify_customer,
        create_appointment_from_call,
        send_appointment_confirmation,
        update_analytics,
    )
    chain([step.message(call_id=call.pk, company_id=call.company_id) for step in steps]).send()


def _record(event: WebhookEvent) -> tuple[Call, bool, RetellCall] | None:
    """Write an event to its call and return it; None if the event makes no sense or its company is unknown."""
    try:
        told = parse_call(event.payload)
    except (InvalidCall, Malformed) as error:
        event.mark_invalid(str(error))
        return None
    number = number_of(told)
    if number is None and event.event_type in TRANSFERS:
        number = number_heard_of(told, event.objection)
    if number is None:
        event.mark_unassigned("Neither the number nor the agent belongs to one active phone number.")
        return None
    if why_not := event.objection(number.company_id):
        event.refuse(why_not)
        return None
    call, ends = record(told, number, STATUS[event.event_type], event.objection)
    if call.erased_at is not None:
        event.mark_ignored("What was known of this call was deleted.", call.company)
        event.delete_body()
        return None
    event.mark_processed(call.company)
    return call, ends, told


def _start_work(call: Call, told: RetellCall) -> None:
    """Send the jobs that follow a call: once, since only one event is the first to report its end."""
    if told.disconnection in FOR_OPERATORS:
        # This is one of Retell's values, not the caller's words: it says what to fix.
        log.error("Call %d: Retell ended it with %s", call.pk, told.disconnection_reason)
        call.ask_for_look(Review.ENDED_BY_RETELL, {"reason": told.disconnection_reason})
        call.save(update_fields=["needs_review", "review_reasons"])
    if not _was_connected(told):
        call.settle_outcome(Outcome.NOT_CONNECTED)
        follow_ups.make_call_obsolete(call, Detail.READ_AFTER_ALL)
        update_analytics.send(call_id=call.pk, company_id=call.company_id)
        return
    send_chain(call)


def _use_news(call: Call) -> None:
    """Wake the job that waits for the analysis. If it no longer waits, a wish that only the analysis has starts the
    work again, and a person is asked about what the analysis contradicts.
    """
    if call.extracted_at is None:
        wake(extract_call_data, tag=f"call:{call.pk}")
        return
    heard = _heard(call)
    found_nothing = call.outcome == Outcome.NO_REQUEST and not call.booking_requests.exists()
    if found_nothing and _asks_for_something(heard):
        Call.objects.filter(pk=call.pk).update(extracted_at=None, outcome=Outcome.PENDING)
        send_chain(call)
    elif second_look.has_news(call, heard):
        ask_about_news.send(call_id=call.pk, company_id=call.company_id)


def _asks_for_something(heard: Extraction) -> bool:
    existing = heard.intentions.concern_existing or heard.needs_listening
    return not heard.booked_by_agent and (bool(heard.wishes) or heard.callback_requested or existing)


def _heard(call: Call) -> Extraction:
    used = on_phone.functions_used(call)
    heard = extract(call, call.branch.home, call.phone_number.booking_function_names, used)
    return on_phone.without_settled(call, heard) if used else heard


def _was_connected(told: RetellCall) -> bool:
    if told.status == "not_connected" or told.disconnection is Disconnection.NOT_CONNECTED:
        return False
    return told.started_at is not None or told.disconnection not in NEVER_BEGAN


def _locked(call_id: int) -> Call:
    return _the(Call.objects.select_for_update(of=("self",)), call_id)


def _the(rows: QuerySet[Call], call_id: int) -> Call:
    call = rows.select_related("company", "branch__company", "customer", "phone_number").filter(pk=call_id).first()
    if call is None:
        raise Gone(f"There is no call {call_id}.")
    return call


def _wait_for_analysis(call: Call, heard: Extraction) -> None:
    said_all = heard.complete and all(wish.service_words for wish in heard.wishes)
    nothing_more = said_all or heard.booked_by_agent or heard.appointment_requested is False
    if nothing_more or call.status == Status.ANALYZED or call.disconnection in NO_TALK:
        return
    since = timezone.now() - (call.end_heard_at or call.created_at)
    remaining = (timedelta(seconds=settings.ANALYSIS_WAIT) - since).total_seconds()
    if remaining > 0:
        raise Release(min(LOOK_AGAIN, remaining), "waits for call_analyzed")


def _reviews(call: Call, heard: Extraction) -> list[Review]:
    """Reasons for a person to look at the call that no request shows."""
    applies = {
        Review.NOT_READ: heard.needs_review and not heard.more_than_read,
        Review.MORE_THAN_READ: heard.more_than_read,
        Review.RETOLD: heard.retold_as_existing and heard.objection is None,
        Review.NO_MORE_CALLS: call.wants_no_calls,
    }
    return [why for why, does in applies.items() if does]
