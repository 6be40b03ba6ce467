"""What waits for a number, a service, a sender or a handler: the one place that knows these four.

Calls to a number that nobody has entered, bookings of a service that nobody has synced, and answers to a sender that no
company has, are events of no company. Messages without a sender wait, and their jobs are dead. Events of a type that no
code knew are ignored until a release knows it.
"""

from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils.translation import ngettext

from appointments.changes.adoption import no_service
from askpro.console.repair.addresses import address
from askpro.console.today.counting import Count
from askpro.console.waits import OfRow, Wait, register
from calls.models import Company, PhoneNumber, Service
from notifications.models import Notification
from notifications.why import Why
from webhooks.inbox import jobs
from webhooks.models import Provider, WebhookEvent
from webhooks.tasks import is_of

Status = WebhookEvent.Status
EVENTS: Final = "webhooks.view_webhookevent"
# What a call is about is encrypted: so many of the newest are read to find those of one number.
MOST_READ: Final = 200
SMS_JOB: Final = "send_sms_notification"
REJECTED: Final = "askpro.queues.errors.Rejected"


def _unassigned(vendor: str) -> QuerySet[WebhookEvent]:
    return WebhookEvent.objects.filter(status=Status.UNASSIGNED, provider=vendor)


def _of_number(number: PhoneNumber) -> QuerySet[WebhookEvent]:
    newest = _unassigned(Provider.RETELL).order_by("-pk")[:MOST_READ]
    keys = [event.pk for event in newest if is_of(event, number)] if number.is_active else []
    return WebhookEvent.objects.filter(pk__in=keys, status=Status.UNASSIGNED)


def _of_service(service: Service) -> QuerySet[WebhookEvent]:
    return _unassigned(Provider.CALCOM).filter(reason=_why(service))


def _why(service: Service) -> str:
    return no_service(service.calcom_event_type_id)


def _answers_to(company: Company) -> QuerySet[WebhookEvent]:
    """Answers to any sender that no company had: what they are about is encrypted, too."""
    return _unassigned(Provider.TWILIO) if company.sms_sender else WebhookEvent.objects.none()


def _unsent() -> QuerySet[Notification]:
    return Notification.objects.filter(status=Notification.Status.PENDING, reason=Why.NO_SENDER)


def _known_by_now(vendor: Provider) -> QuerySet[WebhookEvent]:
    """Events that were ignored for their type, which has a job in this release."""
    unknown = WebhookEvent.objects.filter(status=Status.IGNORED, reason=WebhookEvent.UNKNOWN[vendor])
    return unknown.filter(provider=vendor, event_type__in=jobs.event_types(vendor))


def _events_of_number(number: PhoneNumber) -> str:
    return f"{address('events')}?{urlencode([('id', event.pk) for event in _of_number(number)])}"


def _calls(count: Count) -> str:
    return ngettext(
        "%(count)s event waits for a phone number.", "%(count)s events wait for a phone number.", count.number
    ) % {"count": count}


def _calls_of(count: Count) -> str:
    return ngettext(
        "%(count)s event waits for this number, and is worked on by itself now.",
        "%(count)s events wait for this number, and are worked on by themselves now.",
        count.number,
    ) % {"count": count}


def _bookings(count: Count) -> str:
    return ngettext("%(count)s event waits for a service.", "%(count)s events wait for a service.", count.number) % {
        "count": count
    }


def _bookings_of(count: Count) -> str:
    return ngettext(
        "%(count)s event waits for this service.", "%(count)s events wait for this service.", count.number
    ) % {"count": count}


def _answers(count: Count) -> str:
    return ngettext(
        "%(count)s answer by SMS waits for the company of its sender.",
        "%(count)s answers by SMS wait for the company of their sender.",
        count.number,
    ) % {"count": count}


def _messages(count: Count) -> str:
    return ngettext(
        "%(count)s message waits for an SMS sender.", "%(count)s messages wait for an SMS sender.", count.number
    ) % {"count": count}


def _messages_of(count: Count) -> str:
    return ngettext(
        "%(count)s message of this company waits for an SMS sender.",
        "%(count)s messages of this company wait for an SMS sender.",
        count.number,
    ) % {"count": count}


def _types(count: Count) -> str:
    return ngettext(
        "%(count)s event was ignored, and this release knows its type.",
        "%(count)s events were ignored, and this release knows their types.",
        count.number,
    ) % {"count": count}


def _state(vendor: str, **more: Any) -> str:
    return address("events", state=Status.UNASSIGNED, vendor=vendor, **more)


def _handler(vendor: Provider) -> Wait:
    return Wait(
        name=f"handler-{vendor}",
        permission=EVENTS,
        rows=lambda: _known_by_now(vendor),
        told=_types,
        address=lambda: address("events", state=Status.IGNORED, vendor=vendor, reason=WebhookEvent.UNKNOWN[vendor]),
    )


register(
    Wait(
        name="number",
        permission=EVENTS,
        rows=lambda: _unassigned(Provider.RETELL),
        told=_calls,
        address=lambda: _state(Provider.RETELL),
        of_row=OfRow(PhoneNumber, _of_number, _calls_of, _events_of_number),
    ),
    Wait(
        name="service",
        permission=EVENTS,
        rows=lambda: _unassigned(Provider.CALCOM),
        told=_bookings,
        address=lambda: _state(Provider.CALCOM),
        of_row=OfRow(Service, _of_service, _bookings_of, lambda service: _state(Provider.CALCOM, reason=_why(service))),
    ),
    Wait(
        name="answer",
        permission=EVENTS,
        rows=lambda: _unassigned(Provider.TWILIO),
        told=_answers,
        address=lambda: _state(Provider.TWILIO),
        of_row=OfRow(Company, _answers_to, _answers, lambda company: _state(Provider.TWILIO)),
    ),
    Wait(
        name="message",
        permission="queues.view_job",
        rows=_unsent,
        told=_messages,
        address=lambda: address("failures", job=SMS_JOB, error=REJECTED),
        of_row=OfRow(
            Company,
            lambda company: _unsent().filter(company=company),
            _messages_of,
            lambda company: address("failures", job=SMS_JOB, error=REJECTED, company=company.pk),
        ),
    ),
    *map(_handler, WebhookEvent.UNKNOWN),
)
