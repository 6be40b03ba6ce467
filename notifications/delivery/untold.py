"""Has a person call the customers whom no message could tell about their appointment.

For each version of an appointment, the customer was told, or a message is under way, or one follow-up asks a person to
call. This is decided in the transaction in which a message ends, and by the sweeper for messages that do not end.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from appointments.models import Appointment, Change, Detail, FollowUp
from askpro.one_by_one import one_by_one
from calls.models.company import CALL_BACK_WITHIN
from notifications import recipients, staff
from notifications.models import Notification
from notifications.quiet_hours import quiet_until
from notifications.relevance import why_not_true
from notifications.text.places import zone_of
from notifications.twilio.event import RANK
from notifications.why import Why

Kind = Notification.Kind
Status = Notification.Status

# Longer than it takes to ask Twilio about a silent message, and to resend one that found the phone switched off.
PATIENCE: Final = timedelta(minutes=45)
AT_ONCE: Final = 200
CHANGED: Final = (Change.State.DONE, Change.State.REQUESTED)
# After that the agent goes on without an answer, and a job that completes the change has to tell of it.
LONGEST_FUNCTION: Final = timedelta(seconds=10)
# With and without a number to call.
DETAILS: Final = {
    Kind.CONFIRMATION: (Detail.BOOKED_UNTOLD, Detail.BOOKED_UNTOLD_NO_NUMBER),
    Kind.REQUESTED: (Detail.WAITING_UNTOLD, Detail.WAITING_UNTOLD_NO_NUMBER),
    Kind.STAFF_CHANGED: (Detail.OTHER_STAFF_UNTOLD, Detail.OTHER_STAFF_UNTOLD_NO_NUMBER),
    Kind.RESCHEDULED: (Detail.MOVED_UNTOLD, Detail.MOVED_UNTOLD_NO_NUMBER),
    Kind.CANCELLATION: (Detail.CANCELLED_UNTOLD, Detail.CANCELLED_UNTOLD_NO_NUMBER),
}
# What the customer was told before, so that nobody has to call where it does not arrive.
TOLD_BEFORE: Final = (*Notification.REMINDERS, Kind.CANCEL_QUESTION)
# Only Twilio has the message: no carrier has taken it yet.
WITH_TWILIO: Final = [status for status, rank in RANK.items() if rank < RANK["sent"]]


def judge(appointment_id: int, kind: str) -> None:
    """Open or settle the follow-up, by the state of the messages about the appointment's newest version."""
    with transaction.atomic():
        # Two channels that fail at the same time must not each rely on the other.
        rows = Appointment.objects.select_for_update(no_key=True, of=("self",))
        related = ("company", "customer", "call", "booking_request")
        appointment = rows.select_related(*related).get(pk=appointment_id)
        topic = f"untold:{appointment.version}"
        _settle(Detail.CHANGED_MEANWHILE, _open(appointment).exclude(topic=topic))
        if why_not_true(Kind(kind), appointment) or _may_stay_untold(Kind(kind), appointment):
            return
        messages = list(_messages(appointment))
        if recipients.calcom_tells(appointment) or any(_has_told(message) for message in messages):
            _settle(Detail.TOLD_MEANWHILE, _open(appointment))
        elif kind not in TOLD_BEFORE and not any(_is_under_way(message, appointment) for message in messages):
            _ask(appointment, Kind(kind), topic)


def is_left_untold(appointment: Appointment) -> bool:
    """Whether no message about its newest version has reached the customer or still may, and no person was asked."""
    messages = list(_messages(appointment))
    if not messages or recipients.calcom_tells(appointment):
        return False
    kind = Kind(messages[0].kind)
    if why_not_true(kind, appointment) or _may_stay_untold(kind, appointment):
        return False
    if any(_has_told(message) or _is_under_way(message, appointment) for message in messages):
        return False
    topic = f"untold:{appointment.version}"
    return not FollowUp.objects.filter(appointment=appointment, topic=topic).exists()


def judge_changes(call_id: int) -> None:
    """Judge what was changed during a call that is over: who hung up before the answer came has not heard it."""
    changes = Change.objects.filter(call=call_id, channel=Change.Channel.PHONE, state__in=CHANGED)
    for change in changes.order_by("appointment_id", "id"):
        is_move, waits = change.kind == Change.Kind.MOVE, change.state == Change.State.REQUESTED
        kind = Kind.CANCELLATION if not is_move else Kind.REQUESTED if waits else Kind.RESCHEDULED
        judge(change.appointment_id, kind)


def sweep() -> int:
    """Judge messages that do not end: unsent for too long, or at Twilio without a report. Returns how many."""
    found = list(_silent().order_by("pk").values_list("appointment_id", "kind")[:AT_ONCE])
    one_by_one(found, lambda silent: judge(*silent))
    return len(found)


def _open(appointment: Appointment) -> QuerySet[FollowUp]:
    asked = FollowUp.objects.filter(appointment=appointment, reason=FollowUp.Reason.UNTOLD)
    return asked.filter(status=FollowUp.Status.OPEN)


def _settle(why: Detail, follow_ups: QuerySet[FollowUp]) -> None:
    for follow_up in follow_ups:
        follow_up.make_obsolete(why)


def _may_stay_untold(kind: Notification.Kind, appointment: Appointment) -> bool:
    """Whether the customer need not be told: one who knows of no appointment yet only needs the host's answer, and one
    who is on the line hears it there.
    """
    return (kind == Kind.REQUESTED and appointment.version == 1) or _heard_on_phone(kind, appointment)


def _heard_on_phone(kind: Notification.Kind, appointment: Appointment) -> bool:
    """Whether the newest change was made by an agent's function while the caller waited for its answer."""
    if kind == Kind.STAFF_CHANGED:
        return False
    newest = appointment.changes.exclude(state=Change.State.REFUSED).select_related("call").first()
    if newest is not None:
        ended_at = newest.ended_at or timezone.now()
        hung_up_at = newest.call.ended_at if newest.call is not None else None
        in_time = ended_at - newest.created_at < LONGEST_FUNCTION and (hung_up_at is None or ended_at <= hung_up_at)
        return newest.channel == Change.Channel.PHONE and in_time
    request = appointment.booking_request
    return appointment.version == 1 and request is not None and request.told_on_phone_at is not None


def _messages(appointment: Appointment) -> Iterator[Notification]:
    rows = Notification.objects.filter(appointment=appointment, version=appointment.version)
    yield from rows.exclude(kind__in=Notification.TO_STAFF).select_related("company")


def _has_told(message: Notification) -> bool:
    return message.status == Status.DELIVERED or (
        message.status == Status.SENT and message.provider_status not in WITH_TWILIO
    )


def _is_under_way(message: Notification, appointment: Appointment) -> bool:
    """Whether it may still arrive soon; never beyond half of the time that is left."""
    if message.status in Notification.REACHES_NOBODY:
        return False
    since = message.sent_at or max(message.created_at, message.sending_at or message.created_at)
    if message.channel == Notification.Channel.SMS:
        since = _end_of_quiet(since, appointment) or since
    return timezone.now() < since + min(PATIENCE, (appointment.starts_at - since) / 2)


def _end_of_quiet(moment: datetime, appointment: Appointment) -> datetime | None:
    company = appointment.company
    return quiet_until(moment, zone_of(appointment), company.quiet_from, company.quiet_until)


def _ask(appointment: Appointment, kind: Notification.Kind, topic: str) -> None:
    """Open the follow-up, unless a person has already dealt with this version."""
    if FollowUp.objects.filter(appointment=appointment, topic=topic, status=FollowUp.Status.DONE).exists():
        return
    branch, now, number = appointment.branch, timezone.now(), recipients.number_of(appointment)
    with_number, without = DETAILS[kind]
    detail = with_number if number else without
    due_at = branch.call_back_by(now) if branch else now + CALL_BACK_WITHIN
    follow_up, opened = FollowUp.open_once(
        reason=FollowUp.Reason.UNTOLD,
        topic=topic,
        company=appointment.company,
        branch=branch,
        call=appointment.call,
        customer=appointment.customer,
        appointment=appointment,
        booking_request=appointment.booking_request,
        detail=detail,
        detail_facts=detail.checked({"number": number} if number else {}),
        due_at=min(due_at, appointment.starts_at),
    )
    if opened:
        staff.tell(follow_up)


def _silent() -> QuerySet[Notification]:
    """Messages still true, about future appointments, unsent or only at Twilio; neither customer nor staff were told.

    One that waits for the end of the quiet hours is due when they end.
    """
    now = timezone.now()
    old, soon = now - PATIENCE, now + PATIENCE
    unsent = Q(status__in=Notification.UNSENT) & (Q(created_at__lt=old) | Q(appointment__starts_at__lt=soon))
    with_twilio = Q(status=Status.SENT, channel=Notification.Channel.SMS, provider_status__in=WITH_TWILIO)
    with_twilio &= Q(sent_at__lt=old) | Q(appointment__starts_at__lt=soon)
    to_customers = Notification.objects.exclude(kind__in=Notification.TO_STAFF)
    same = to_customers.filter(appointment=OuterRef("appointment"), version=OuterRef("version"))
    told = same.filter(Q(status=Status.DELIVERED) | Q(status=Status.SENT) & ~Q(provider_status__in=WITH_TWILIO))
    topic = Concat(Value("untold:"), Cast(OuterRef("version"), CharField()))
    asked = FollowUp.objects.filter(appointment=OuterRef("appointment"), topic=topic)
    silent = to_customers.exclude(kind__in=TOLD_BEFORE).filter(unsent & ~Q(reason=Why.QUIET) | with_twilio)
    silent = silent.filter(appointment__starts_at__gt=now, appointment__version=F("version"))
    return silent.filter(~Exists(told), ~Exists(asked.exclude(status=FollowUp.Status.OBSOLETE)))
