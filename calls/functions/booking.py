"""Books while the caller is on the line."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from appointments.booking import live
from appointments.booking.handover import hand_over
from appointments.booking.rules import Problem, problem_with
from appointments.models import Appointment, Detail, FollowUp
from calls.functions import own
from calls.functions.asking import by_when
from calls.functions.conversation import Answer, Conversation, Outcome, spoken_due
from calls.functions.free import closed, others
from calls.functions.looking import said_closed
from calls.functions.writing import know_caller, locked, next_ordinal
from calls.models import BookingRequest, Call, Unclear
from calls.requests.rows import row_of
from calls.wishes.wish import WishedAppointment, wish_of
from notifications import recipients

# What the caller can mend at once, by naming another time.
_ASKED_AGAIN: Final = {
    Detail.TIME_OVER: "past_date",
    Detail.SHORT_NOTICE: "short_notice",
    Detail.TOO_FAR_AHEAD: "too_far",
    Detail.NOTHING_NAMED: "no_date",
}
Status = BookingRequest.Status


def book_appointment(conversation: Conversation) -> Answer:
    """Book what was asked for, or ask what is not clear. The same wish, asked for again, is not booked again."""
    wish = wish_of(conversation.asked.statement, conversation.branch.home)
    request = row_of(conversation.call, wish)
    if request.unclear:
        return by_when(conversation, request)
    problem = problem_with(request, timezone.now())
    if problem is not None and problem.detail in _ASKED_AGAIN:
        return conversation.ask(_ASKED_AGAIN[Detail(problem.detail)])
    if problem is not None and problem.detail == Detail.CLOSED:
        return said_closed(conversation, request, closed(request))
    if known := _known(conversation, request):
        return _already(conversation, request, known)
    request, is_new = _written(conversation.call, wish, request, conversation.language)
    if not is_new:
        return _as_it_stands(conversation, request)
    if not request.company.books_appointments:
        problem = Problem(FollowUp.Reason.CALLBACK, Unclear.CALLBACK)
    if problem is not None:
        hand_over(request, problem)
        return handed_over(conversation, request)
    return _told(conversation, request, live.book(request, conversation.patience))


def _known(conversation: Conversation, request: BookingRequest) -> Appointment | None:
    """An appointment of the caller's for the same at the same time, from another call or moved there in this one."""
    same = own.for_what_is_wished(conversation.call, request)
    return next((each for each in same if each.call_id != conversation.call.pk or each.previous_starts_at), None)


def _already(conversation: Conversation, request: BookingRequest, known: Appointment) -> Answer:
    outcome = Outcome.BOOKED if known.is_agreed else Outcome.REQUESTED
    data = {**conversation.times([known.starts_at], request.where)[0], "appointment": str(known.pk)}
    data |= {"service": known.service.name if known.service else "", "staff": known.staff.name if known.staff else ""}
    spoken = conversation.say("already", when=conversation.when(known.starts_at, request.where))
    return Answer(outcome, outcome.value, spoken, data, known.starts_at)


def handed_over(conversation: Conversation, request: BookingRequest, code: str = "handed_over") -> Answer:
    """A person has it now: by when they call back."""
    follow_up = FollowUp.objects.filter(booking_request=request, status=FollowUp.Status.OPEN).first()
    due_at = follow_up.due_at if follow_up is not None else request.where.call_back_by(timezone.now())
    spoken = conversation.say(code, due=spoken_due(conversation, due_at))
    return Answer(Outcome.HANDED_OVER, "handed_over", spoken, starts_at=request.starts_at, request=request)


def may_be_texted(about: BookingRequest | Appointment) -> bool:
    """Whether an SMS about it may go out, so that one can be promised."""
    number = recipients.number_for(about)
    objection = recipients.sms_objection(recipients.customer_of(about), number, about)
    return about.company.sms_enabled and objection is None


def _written(
    call: Call, wish: WishedAppointment, request: BookingRequest, language: str
) -> tuple[BookingRequest, bool]:
    """The saved request; an earlier one of this call for the same appointment counts, unless it came to nothing."""
    with transaction.atomic():
        held = locked(call)
        if same := _same(held, request):
            return same, False
        know_caller(held, wish, language)
        request.call, request.ordinal = held, next_ordinal(held)
        request.told_on_phone_at = timezone.now()
        request.save()
    return request, True


def _same(call: Call, request: BookingRequest) -> BookingRequest | None:
    rows = call.booking_requests.filter(starts_at=request.starts_at, service=request.service)
    standing = rows.filter(status__in=(Status.OPEN, Status.BOOKED, Status.FOLLOW_UP))
    # One that was cancelled or moved since leaves room for another.
    as_wished = Q(appointment=None) | Q(appointment__starts_at=request.starts_at)
    standing = standing.filter(as_wished).exclude(appointment__status=Appointment.Status.CANCELLED)
    newest = standing.order_by("-ordinal").values_list("pk", flat=True).first()
    if newest is None:
        return None
    related = ("call__branch__company", "call__customer", "company", "service", "branch__company", "customer")
    return BookingRequest.objects.select_related(*related).get(pk=newest)


def _as_it_stands(conversation: Conversation, request: BookingRequest) -> Answer:
    appointment = Appointment.objects.filter(booking_request=request).first()
    if appointment is not None and appointment.calcom_uid is not None:
        result = live.Result.BOOKED if appointment.is_agreed else live.Result.REQUESTED
    else:
        result = live.Result.PENDING if request.status == Status.OPEN else live.Result.HANDED_OVER
    return _told(conversation, request, result)


def _told(conversation: Conversation, request: BookingRequest, result: live.Result) -> Answer:
    starts_at = request.starts_at
    assert starts_at is not None
    return _ANSWERS[result](conversation, request, starts_at)


def _booked(conversation: Conversation, request: BookingRequest, starts_at: datetime) -> Answer:
    appointment = Appointment.objects.select_related("staff").get(booking_request=request)
    if request.staff_id is not None and appointment.staff_id != request.staff_id:
        return _settled(conversation, request, starts_at, Outcome.BOOKED, "booked_with_other")
    code = "booked_sms" if may_be_texted(request) else "booked"
    return _settled(conversation, request, starts_at, Outcome.BOOKED, code)


def _requested(conversation: Conversation, request: BookingRequest, starts_at: datetime) -> Answer:
    return _settled(conversation, request, starts_at, Outcome.REQUESTED, "requested")


def _pending(conversation: Conversation, request: BookingRequest, starts_at: datetime) -> Answer:
    code = "pending_sms" if may_be_texted(request) else "pending"
    return _settled(conversation, request, starts_at, Outcome.PENDING, code)


def _gone(conversation: Conversation, request: BookingRequest, starts_at: datetime) -> Answer:
    assert request.service is not None
    offered = others(conversation, request)
    when, choices = conversation.when(starts_at, request.where), conversation.choice(offered, request.where)
    spoken = conversation.say("gone" if offered else "gone_no_others", when=when, choices=choices)
    data = {"times": conversation.times(offered, request.where), "service": request.service.name}
    return Answer(Outcome.GONE, "gone", spoken, data, starts_at, request)


def _handed_over(conversation: Conversation, request: BookingRequest, starts_at: datetime) -> Answer:
    return handed_over(conversation, request)


def _settled(
    conversation: Conversation, request: BookingRequest, starts_at: datetime, outcome: Outcome, code: str
) -> Answer:
    appointment = Appointment.objects.filter(booking_request=request).select_related("staff").first()
    staff = appointment.staff.name if appointment is not None and appointment.staff else conversation.say("somebody")
    spoken = conversation.say(code, when=conversation.when(starts_at, request.where), staff=staff)
    data = {**conversation.times([starts_at], request.where)[0]}
    data |= {"service": request.service.name} if request.service else {}
    data |= {"staff": appointment.staff.name} if appointment is not None and appointment.staff else {}
    data |= {"appointment": str(appointment.pk)} if appointment is not None else {}
    return Answer(outcome, outcome.value, spoken, data, starts_at, request)


_ANSWERS: Final[dict[live.Result, Callable[[Conversation, BookingRequest, datetime], Answer]]] = {
    live.Result.BOOKED: _booked,
    live.Result.REQUESTED: _requested,
    live.Result.PENDING: _pending,
    live.Result.GONE: _gone,
    live.Result.HANDED_OVER: _handed_over,
}
