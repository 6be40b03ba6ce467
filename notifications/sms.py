"""One text message, from its row to Twilio's answer."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from appointments.models import Appointment
from askpro.http import KeyRefused, OutOfCredit
from askpro.queues.errors import RateLimited, Rejected, Release, Unavailable, Unknown
from calls.models import BookingRequest
from notifications import opt_outs, recipients
from notifications.attempts import wait_for_earlier_attempt
from notifications.delivery import outcome
from notifications.models import Notification
from notifications.own_texts import own_text
from notifications.quiet_hours import quiet_until
from notifications.relevance import wait_for_cancellation, why_not_any_more
from notifications.reminding import questions
from notifications.text import places, texts
from notifications.twilio import client as twilio
from notifications.twilio.errors import KEY_CODES, SUSPENDED_CODES, Reaction
from notifications.why import Why
from webhooks.models import Provider, WebhookAddress

# The clocks here and at Twilio may differ.
CLOCK_SLACK: Final = timedelta(seconds=60)
# If Twilio does not list a message this long after it was handed over, it never got it.
BELIEVED_AFTER: Final = timedelta(minutes=2)
DAILY_CAP: Final = 3
# What the customer can do without on a day with many messages.
FIRST_WORDS: Final = (
    Notification.Kind.CONFIRMATION,
    Notification.Kind.REMINDER,
    Notification.Kind.LAST_REMINDER,
    Notification.Kind.CALLBACK,
    Notification.Kind.OFFER,
)
# Whoever has just written is awake.
ANSWERED_WITHIN: Final = timedelta(minutes=15)
LONGEST_VALIDITY: Final = timedelta(hours=4)
SHORTEST_VALIDITY: Final = timedelta(minutes=1)


def send(notification: Notification) -> None:
    """Send it once, even after earlier attempts.

    1. If an earlier attempt may have sent it, look for it at Twilio; if it is there, it was sent.
    2. If it is no longer true, has no consent, or is too much for today, skip it, with the reason on the row.
    3. While its appointment is being cancelled, and in quiet hours, `Release`.
    4. Claim the row and commit, hand the message over, record the answer.
    If Twilio refuses the message for good, the row fails, not the job; if it refuses the account or the sender, the job
    dies, so that a person can correct that and retry it.
    """
    if notification.may_be_sent_already and _is_over(notification):
        return
    if why := why_not_any_more(notification) or _objection(notification):
        notification.skip(why)
        return
    wait_for_cancellation(notification)
    if _is_dropped_for_quiet_hours(notification):
        return
    sender = opt_outs.sender_of(notification.company)
    if not sender:
        notification.wait(Why.NO_SENDER)
        raise Rejected("Set TWILIO_MESSAGING_SERVICE_SID, or an SMS sender at the company.")
    if _claim(notification, sender):
        _hand_over(notification)


def may_be_sent_now(notification: Notification, moment: datetime) -> datetime | None:
    """The end of the quiet hours at the place it is about, or None when an SMS may go out at `moment`."""
    company = notification.company
    if notification.kind == Notification.Kind.CANCEL_QUESTION and moment - notification.created_at < ANSWERED_WITHIN:
        return None
    return quiet_until(moment, places.zone_for(notification), company.quiet_from, company.quiet_until)


def _is_over(notification: Notification) -> bool:
    """Whether nothing is left to do after an earlier attempt: it was found, or its outcome stayed unknown too often."""
    attempt_at = wait_for_earlier_attempt(notification)
    if _find(notification, attempt_at):
        return True
    if timezone.now() - attempt_at < BELIEVED_AFTER:
        remaining = attempt_at + BELIEVED_AFTER - timezone.now()
        raise Release(remaining.total_seconds(), "not at Twilio yet; looked for once more before it is sent again")
    return not notification.reopen()


def _find(notification: Notification, attempt_at: datetime) -> bool:
    messages = twilio.for_company(notification.company_id).find(
        notification.recipient, notification.text, attempt_at - CLOCK_SLACK
    )
    taken = _taken(notification, [message.sid for message in messages])
    for message in messages:
        if message.sid not in taken:
            _record(notification, message)
            return True
    return False


def _record(notification: Notification, message: twilio.Message) -> None:
    report = outcome.Report(message.sid, message.status, message.error_code)
    with transaction.atomic():
        locked = outcome.locked(pk=notification.pk)
        outcome.apply(report, locked)
        locked.note_charge(message.segments, message.price, message.currency)


def _taken(notification: Notification, sids: list[str]) -> set[str]:
    """The sids that belong to other messages of ours with the same text, or to an earlier send of this one."""
    rows = Notification.objects.filter(provider_id__in=sids).exclude(pk=notification.pk)
    known = {sid for sid in rows.values_list("provider_id", flat=True) if sid}
    return known | {notification.earlier_provider_id}


def _objection(notification: Notification) -> Why | None:
    return recipients.sms_objection(notification.customer, notification.recipient, _about(notification))


def _about(notification: Notification) -> Appointment | BookingRequest | None:
    """What the customer agreed to hear of by SMS."""
    if notification.offer is not None:
        return recipients.wish_of(notification.offer)
    asked = notification.follow_up
    return asked.booking_request or asked.appointment if asked is not None else notification.appointment


def _is_dropped_for_quiet_hours(notification: Notification) -> bool:
    now = timezone.now()
    until = may_be_sent_now(notification, now)
    if until is None:
        return False
    if until >= _useful_until(notification):
        notification.skip(_too_late(notification))
        return True
    notification.wait(Why.QUIET, {"time": f"{until:%H:%M}"})
    raise Release((until - now).total_seconds(), "quiet hours")


def _too_late(notification: Notification) -> Why:
    if notification.offer is not None:
        return Why.OFFER_OVER
    return Why.BEGINS_IN_QUIET if notification.appointment else Why.CALL_BACK_DUE


def _claim(notification: Notification, sender: str) -> bool:
    with transaction.atomic():
        # The appointment first, as where a change of it withdraws the question.
        Notification.hold_appointment(pk=notification.pk)
        _lock_number(notification)
        # A change of an appointment that the customer knows about is always sent: the last message must be true.
        is_first_word = notification.kind in FIRST_WORDS
        if is_first_word and _sent_today(notification) >= DAILY_CAP:
            notification.skip(Why.ENOUGH_TODAY, {"count": DAILY_CAP})
            return False
        asks = questions.ask(notification, sender)
        text = texts.sms(notification, sender, asks=asks, own=own_text(notification))
        if notification.claim(text=text, sender=sender):
            return True
        transaction.set_rollback(True)
    return False


def _lock_number(notification: Notification) -> None:
    # Two messages sent at the same time must each count the other.
    with connection.cursor() as cursor:
        key = f"sms:{notification.company_id}:{notification.recipient}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def _sent_today(notification: Notification) -> int:
    """The number's SMS of the local day. Not by customer: a caller who withholds the number is a new one each time."""
    now = timezone.now().astimezone(places.zone_for(notification))
    handed_over = Notification.objects.filter(
        company_id=notification.company_id,
        recipient=notification.recipient,
        channel=Notification.Channel.SMS,
        sending_at__gte=now.replace(hour=0, minute=0, second=0, microsecond=0),
        status__in=Notification.HANDED_OVER,
    )
    return handed_over.count()


def _hand_over(notification: Notification) -> None:
    try:
        message = twilio.for_company(notification.company_id).send(_outgoing(notification))
    except twilio.Refused as refused:
        _react(notification, refused)
    except Unknown as error:
        notification.mark_unknown(Why.of(error))
        raise
    except (RateLimited, Unavailable, Rejected) as error:
        notification.give_back(Why.of(error))
        raise
    else:
        notification.mark_sent(message.sid, message.status)
        notification.note_charge(message.segments, message.price, message.currency)


def _outgoing(notification: Notification) -> twilio.OutgoingSms:
    useful_for = _useful_until(notification) - timezone.now()
    validity = max(min(useful_for, LONGEST_VALIDITY), SHORTEST_VALIDITY)
    return twilio.OutgoingSms(
        to=notification.recipient,
        sender=notification.sender,
        body=notification.text,
        callback=twilio.status_callback(
            str(notification.reference), WebhookAddress.of(notification.company_id, Provider.TWILIO)
        ),
        validity=int(validity.total_seconds()),
    )


def _react(notification: Notification, refused: twilio.Refused) -> None:
    if refused.reaction == Reaction.CONFIGURATION:
        notification.give_back(refused.reaction, {"code": refused.code})
        raise _gravity(refused.code)(str(refused)) from refused
    notification.mark_failed(refused.reaction, {"code": refused.code}, error_code=str(refused.code))
    if refused.reaction == Reaction.OPTED_OUT:
        opt_outs.opt_out(notification.recipient, [notification.sender])


def _gravity(code: int) -> type[Rejected]:
    if code in KEY_CODES:
        return KeyRefused
    return OutOfCredit if code in SUSPENDED_CODES else Rejected


def _useful_until(notification: Notification) -> datetime:
    """The begin of the appointment, the time by which a person calls back, or until when an offer can be answered."""
    if (offer := notification.offer) is not None:
        is_offer = notification.kind == Notification.Kind.OFFER and offer.ends_at is not None
        return offer.ends_at if is_offer and offer.ends_at else offer.freed_time.starts_at
    if notification.follow_up is not None:
        return notification.follow_up.due_at
    assert notification.appointment is not None  # by constraint
    return notification.appointment.starts_at
