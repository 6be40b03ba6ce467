"""What a text says of real rows: as the customer would get it, with what it costs."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from babel.numbers import format_currency
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import get_language, gettext

from appointments.models import Appointment, FollowUp, Offer
from askpro.console.scope import Scope, may_see
from notifications import callers, opt_outs
from notifications.gsm import gsm_segments, is_gsm
from notifications.links import link_for
from notifications.models import MessageTemplate, Notification
from notifications.text import texts
from notifications.text.shipped import Written

Kind = Notification.Kind
# The newest ones to choose from.
MOST: Final = 20
# What a customer's page is addressed with is a secret, and staff have no use for it.
HIDDEN: Final = "x"
# What a text is filled with, fetched with its row.
OF_APPOINTMENT: Final[tuple[str, ...]] = (
    "company",
    "branch__company",
    "staff",
    "service",
    "customer",
    "booking_request__staff",
)
OF_FOLLOW_UP: Final[tuple[str, ...]] = ("company", "branch__company", "customer", "booking_request", "appointment")
OF_OFFER: Final[tuple[str, ...]] = (
    *("company", "customer", "freed_time__company", "freed_time__branch__company"),
    *("freed_time__service", "freed_time__staff"),
)


@dataclass(frozen=True, slots=True)
class Preview:
    """`problem` says why there is none. `html` is a mail's, to be shown in a frame that may do nothing."""

    problem: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    warning: str = ""
    rows: tuple[Model, ...] = ()
    chosen: int = 0


def preview(template: MessageTemplate, user: Any, asked: str = "") -> Preview:
    """The text, filled from the row that is asked for, else from the newest one that this person may see."""
    rows = tuple(_rows(template, user)[:MOST])
    row = next((each for each in rows if str(each.pk) == asked), rows[0] if rows else None)
    if row is None:
        return Preview(gettext("There is nothing yet that such a message could be about."))
    try:
        template.clean()
    except ValidationError as error:
        return Preview(" ".join(error.messages), rows=rows, chosen=row.pk)
    written, message = Written(template.text, template.subject), _message(template, row)
    show = _mail if template.channel == Notification.Channel.EMAIL else _sms
    return show(message, written, rows, row.pk)


def segments(template: MessageTemplate) -> int:
    """How many SMS the text is, filled from the newest row of its company; 0 for a mail, or without any row."""
    row = _all_rows(template).first()
    if row is None or template.channel != Notification.Channel.SMS:
        return 0
    return gsm_segments(_said(_message(template, row), Written(template.text)))


def _rows(template: MessageTemplate, user: Any) -> QuerySet[Any]:
    rows = _all_rows(template)
    return Scope.of(user).rows(rows) if may_see(user, rows.model) else rows.none()


def _all_rows(template: MessageTemplate) -> QuerySet[Any]:
    """The newest of the company's rows that such a message is about, without the companies' secrets."""
    model: type[Model] = Appointment
    related, only = OF_APPOINTMENT, Q()
    if template.kind == Kind.CALLBACK:
        model, related, only = FollowUp, OF_FOLLOW_UP, Q(reason__in=callers.AWAITED)
    elif template.kind == Kind.OFFER:
        model, related, only = Offer, OF_OFFER, Q(ends_at__isnull=False)
    rows = model._default_manager.filter(only, company=template.company_id).order_by("-pk")
    keys = [f"{path}__calcom_api_key" for path in related if path.endswith("company")]
    return rows.select_related(*related).defer(*keys)


def _message(template: MessageTemplate, row: Any) -> Notification:
    """The message that would be written about the row; it is not."""
    subjects: dict[type[Model], str] = {Appointment: "appointment", FollowUp: "follow_up", Offer: "offer"}
    return Notification(
        company=template.company,
        customer=row.customer,
        kind=template.kind,
        channel=template.channel,
        language=template.language,
        version=getattr(row, "version", 1),
        **{subjects[type(row)]: row},
    )


def _sms(message: Notification, written: Written, rows: tuple[Model, ...], chosen: int) -> Preview:
    text = _said(message, written)
    count = gsm_segments(text)
    facts = (
        (gettext("Encoding"), "GSM-7" if is_gsm(text) else "UCS-2"),
        (gettext("Characters"), str(len(text))),
        (gettext("SMS"), str(count)),
        (gettext("Price"), _price(message, count)),
    )
    warning = gettext("This is sent, and charged, as %(count)s SMS.") % {"count": count} if count > 1 else ""
    return Preview(text=_masked(message)(text), facts=facts, warning=warning, rows=rows, chosen=chosen)


def _mail(message: Notification, written: Written, rows: tuple[Model, ...], chosen: int) -> Preview:
    mail, masked = texts.mail(message, written), _masked(message)
    return Preview(subject=mail.subject, text=masked(mail.text), html=masked(mail.html), rows=rows, chosen=chosen)


def _said(message: Notification, written: Written) -> str:
    asks = message.kind in Notification.REMINDERS
    return texts.sms(message, opt_outs.sender_of(message.company), asks=asks, own=written)


def _price(message: Notification, count: int) -> str:
    company = message.company
    if company.sms_price is None:
        return gettext("not known")
    amount: Decimal = company.sms_price * count
    language = (get_language() or "en").partition("-")[0]
    return str(format_currency(amount, company.currency or "EUR", locale=language, decimal_quantization=False))


def _masked(message: Notification) -> Callable[[str], str]:
    if message.appointment is None:
        return lambda text: text
    link = link_for(message.appointment)
    head, _, token = link.rstrip("/").rpartition("/")
    return lambda text: text.replace(link, f"{head}/{HIDDEN * len(token)}/")
