"""Compares what a caller was told on the phone with our rows, when all that follows from the call is done."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet

from appointments.follow_ups import INTERIM
from appointments.models import Appointment, Change, FollowUp
from askpro.dev.sandbox.client import Json
from askpro.dev.sandbox.talks.memory import NOTHING
from calls.models import BookingRequest, Call, FunctionCall
from notifications.models import Notification

STANDING = (Appointment.Status.CONFIRMED, Appointment.Status.REQUESTED)


def contradictions(talk: Json) -> list[str]:
    """Each way in which our rows contradict the talk, in words."""
    calls = list(Call.objects.filter(retell_call_id=talk["call_id"]))
    if [call.status for call in calls] != [Call.Status.ANALYZED]:
        return [f"there are {len(calls)} calls: {[call.status for call in calls]}"]
    (call,) = calls
    return [
        *_appointments(talk, call),
        *_promises(talk, call),
        *_messages(talk, call),
        *_left_open(call),
    ]


def _appointments(talk: Json, call: Call) -> Iterator[str]:
    """Each belief has its row, and there is no other."""
    left = list(Appointment.objects.filter(call=call, status__in=STANDING))
    for belief in talk["beliefs"]:
        starts = [datetime.fromisoformat(start) for start in belief["may_be"] if start != NOTHING]
        row = next((each for each in left if each.starts_at in starts), None)
        if row is not None:
            left.remove(row)
            if row.status != Appointment.Status.REQUESTED and belief["waits_for_host"]:
                yield f"{belief} waits for the host, and appointment {row.pk} is {row.status}"
        elif NOTHING not in belief["may_be"]:
            yield f"no appointment for {belief}"
        elif not _open(call).exists() and not _was_cancelled(belief):
            yield f"nothing came of {belief}, and nobody was told"
    for row in left:
        yield f"appointment {row.pk} ({row.status}) at {row.starts_at} of which she was told nothing"


def _was_cancelled(belief: Json) -> bool:
    """Whether it came to nothing because she asked for that."""
    done = Change.objects.filter(kind=Change.Kind.CANCEL, state=Change.State.DONE)
    return bool(belief["appointment"]) and done.filter(appointment=belief["appointment"]).exists()


def _promises(talk: Json, call: Call) -> Iterator[str]:
    """A person has to call if that was promised; whoever was to hear more was sent it, or hears it from a person."""
    sent = Notification.objects.filter(call=call).exclude(kind=Notification.Kind.STAFF)
    heard = sent.exclude(status=Notification.Status.SKIPPED).exists()
    for promise in talk["promises"]:
        if not _open(call).exists() and (promise == "callback" or not heard):
            yield f"a {promise} was promised, nothing was sent, and nobody has to call"


def _messages(talk: Json, call: Call) -> Iterator[str]:
    """A message goes out once, and only to who agreed."""
    sms = Notification.objects.filter(call=call, channel="sms").exclude(kind=Notification.Kind.STAFF)
    sent = sms.exclude(status=Notification.Status.SKIPPED)
    if sent.exists() and not talk["agrees"]:
        yield f"she did not agree to SMS, and was sent {[*sent.values_list('kind', flat=True)]}"
    for appointment in Appointment.objects.filter(call=call, status__in=STANDING):
        told = sent.filter(appointment=appointment, version=appointment.version).count()
        if told > 1:
            yield f"{told} SMS about version {appointment.version} of appointment {appointment.pk}"


def _left_open(call: Call) -> Iterator[str]:
    """No work that nobody does: every request is settled or waits for a host, every function has its answer."""
    waiting = Appointment.objects.filter(Appointment.WAITS_FOR_HOST, call=call)
    unsettled = call.booking_requests.filter(status=BookingRequest.Status.OPEN)
    for request in unsettled.exclude(pk__in=waiting.values("booking_request")):
        yield f"request {request.pk} is still open"
    for follow_up in _open(call).filter(reason__in=INTERIM).exclude(booking_request__status=BookingRequest.Status.OPEN):
        yield f"a person is still asked about request {follow_up.booking_request_id}, which is settled"
    for function in FunctionCall.objects.filter(call=call, answered_at=None):
        yield f"{function.name} was never answered"
    if call.outcome == Call.Outcome.PENDING and not waiting.exists():
        yield "the call has no outcome"


def _open(call: Call) -> QuerySet[FollowUp]:
    return FollowUp.objects.filter(call=call, status=FollowUp.Status.OPEN)
