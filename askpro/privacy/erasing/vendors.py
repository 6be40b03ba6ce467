"""What vendors hold of a person: one item for each call, message, booking and mail, and who sees to it."""

from collections.abc import Iterator
from typing import Final

from django.utils import timezone

from appointments.changes.request import Origin, cancel
from appointments.models import Appointment, Change
from askpro.privacy.models import Erasure, Item
from askpro.privacy.trail import Trail
from calls.models import Call
from calls.retell.errors import KeyRefused, UnknownCall
from notifications.models import Notification
from notifications.twilio import client as twilio
from notifications.twilio.event import Kind
from webhooks.models import Provider, WebhookEvent
from webhooks.net.accounts import accounts_of

Place, State, Why = Item.Place, Item.State, Item.Why

AHEAD: Final = (Appointment.Status.REQUESTED, Appointment.Status.CONFIRMED)


def items(trail: Trail, erasure: Erasure) -> Iterator[Item]:
    """What is held outside, not stored yet. A past booking is for a person from the start."""
    for call in trail.rows(Call):
        yield _item(erasure, Place.RETELL, call.retell_call_id, call.company_id)
    for message in trail.rows(Notification):
        yield from _of_message(erasure, message)
    inbound = trail.rows(WebhookEvent).filter(provider=Provider.TWILIO, event_type__startswith=Kind.MESSAGE)
    for event in inbound.only("subject", "company_id"):
        yield _item(erasure, Place.TWILIO, event.subject, event.company_id)
    for appointment in trail.rows(Appointment).exclude(calcom_uid=None):
        yield _of_booking(erasure, appointment)


def store(trail: Trail, erasure: Erasure) -> None:
    """Write the items, once each."""
    Item.objects.bulk_create(items(trail, erasure), ignore_conflicts=True)


def cancel_ahead(trail: Trail, erasure: Erasure) -> int:
    """Cancel the person's appointments ahead through the one way that everybody takes; returns how many still wait.

    What cannot be cancelled is left to a person. The customer is told as after every cancellation, if that goes out
    before the person is erased.
    """
    if not erasure.cancels_bookings:
        return 0
    waiting = 0
    for appointment in _ahead(trail):
        change = cancel(appointment, Origin(Change.Channel.CONSOLE, user=erasure.user))
        waiting += change.state == Change.State.WAITING
    return waiting


def erase_call(item: Item) -> None:
    """Erase a call at Retell, under whichever key of its company knows it. Raises what the client raises."""
    refused: KeyRefused | None = None
    for account in accounts_of(item.company_id) if item.company_id else []:
        try:
            account.retell.delete_call(item.subject)
        except UnknownCall:
            continue
        except KeyRefused as error:
            refused = error
            continue
        item.end(State.ERASED)
        return
    if refused is not None:
        raise refused
    item.end(State.ABSENT)


def erase_message(item: Item) -> None:
    """Erase a message at Twilio. Raises what the client raises."""
    account = twilio.for_company(item.company_id) if item.company_id else twilio.client()
    item.end(State.ERASED if account.delete(item.subject) else State.ABSENT)


def judge_bookings(erasure: Erasure) -> None:
    """Say of each booking ahead whether its cancellation came through; of one that did, Cal.com keeps the past."""
    for item in erasure.items.filter(place=Place.BOOKING, state=State.WAITING):
        held = Appointment.objects.filter(company=item.company, calcom_uid=item.subject).first()
        if held is not None and held.status in AHEAD and held.starts_at > timezone.now():
            item.end(State.PERSON, Why.NOT_CANCELLED if erasure.cancels_bookings else Why.STILL_BOOKED)
        else:
            item.end(State.PERSON, Why.NO_API)


def _of_message(erasure: Erasure, message: Notification) -> Iterator[Item]:
    if message.channel == Notification.Channel.EMAIL:
        if message.sent_at is not None:
            mail = _item(erasure, Place.MAIL, str(message.pk), message.company_id)
            mail.state, mail.why = State.STAYS, Why.MAIL_SENT
            yield mail
        return
    for sid in (message.provider_id, message.earlier_provider_id):
        if sid:
            yield _item(erasure, Place.TWILIO, sid, message.company_id)


def _of_booking(erasure: Erasure, appointment: Appointment) -> Item:
    item = _item(erasure, Place.BOOKING, appointment.calcom_uid or "", appointment.company_id)
    if appointment.starts_at <= timezone.now() or appointment.status not in AHEAD:
        item.state, item.why = State.PERSON, Why.NO_API
    return item


def _ahead(trail: Trail) -> Iterator[Appointment]:
    ahead = trail.rows(Appointment).filter(status__in=AHEAD, starts_at__gt=timezone.now())
    yield from ahead.select_related("company", "service", "branch__company").order_by("pk")


def _item(erasure: Erasure, place: Item.Place, subject: str, company_id: int | None) -> Item:
    return Item(erasure=erasure, place=place, subject=subject, company_id=company_id)
