"""A table of offers, for the pages of freed times, follow-ups and waiting entries."""

from typing import Any, Final

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from appointments.admin.naming import reader
from appointments.models import Offer
from askpro.console import display
from askpro.console.table import Table
from notifications.models import Notification

MOST: Final = 100


def offer_table(rows: QuerySet[Offer], title: str, empty: str, *, of_one_time: bool = False) -> Table:
    """Whom a freed time was offered to, when, until when, and what became of it; or why somebody was passed over."""
    questions = Prefetch("notifications", Notification.objects.filter(kind=Notification.Kind.OFFER).defer("text"))
    related = ("company", "customer", "follow_up__company", "waiting_entry", "booking_request__call")
    offers = rows.select_related(*related, "freed_time__service", "freed_time__branch__company")
    heads = [
        _("Customer") if of_one_time else _("Freed time"),
        _("Waits through"),
        _("State"),
        _("Sent"),
        _("Answer by"),
        _("Answered"),
        _("Why"),
    ]
    cells = [_cells(offer, of_one_time) for offer in offers.prefetch_related(questions).order_by("id")[:MOST]]
    return Table(title, heads, cells, empty)


def _cells(offer: Offer, of_one_time: bool) -> list[Any]:
    message = next(iter(offer.notifications.all()), None)
    sent = display.link(message, display.brief(message.sent_at)) if message and message.sent_at else ""
    return [
        display.link(offer.customer) if of_one_time else display.link(offer.freed_time),
        _waits_by(offer),
        display.state(offer, "state"),
        sent or display.link(message, _("not sent")) if message is not None else display.NOTHING,
        display.minute(offer.ends_at),
        display.minute(offer.answered_at),
        offer.why_told(reader()),
    ]


def _waits_by(offer: Offer) -> Any:
    if offer.waiting_entry is not None:
        return display.link(offer.waiting_entry, _("waiting list"))
    return display.link(offer.follow_up, _("follow-up"))
