"""How single values look, in lists and on pages. Everything is escaped here or by the template, never by the caller."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import phonenumbers
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from askpro.console import masking
from askpro.console.state_names import name_of
from askpro.console.tones import tone_of
from askpro.language.text import Text

NOTHING = "–"


def pill(state: str, sentence: Text = "", text: Text = "") -> SafeString:
    """A state in its colour; its sentence shows on hover. `text` stands in for the state's name."""
    return format_html(
        '<span class="ap-pill ap-{}" title="{}">{}</span>', tone_of(state), sentence, text or name_of(state)
    )


def state(obj: Any, field: str = "status") -> SafeString:
    """The pill of a field with choices."""
    code = str(getattr(obj, field))
    return pill(code, str(getattr(obj, f"get_{field}_display")()), name_of(code, obj._meta.label_lower))


def address(obj: Model) -> str:
    """Where a row's page is; empty when it has none."""
    meta = obj._meta
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[quote(obj.pk)])
    except NoReverseMatch:
        return ""


def link(obj: Model | None, text: object = None) -> SafeString | str:
    """A link to a row's page, or a dash."""
    if obj is None:
        return NOTHING
    return format_html('<a class="ap-link" href="{}">{}</a>', address(obj), title(obj) if text is None else text)


def title(obj: Model) -> str:
    """What a row is called; whoever may not see whose it is reads it masked."""
    return str(masking.veiled(obj))


def page_link(model: str, key: object, text: str) -> SafeString:
    """A link to a row's page, without having the row; `model` as in "queues_job"."""
    return format_html('<a class="ap-link" href="{}">{}</a>', reverse(f"admin:{model}_change", args=[key]), text)


def moment(value: datetime | None) -> SafeString | str:
    """A time in the console's zone, with seconds; UTC on hover."""
    return _time(value, "MOMENT_FORMAT")


def minute(value: datetime | None) -> SafeString | str:
    """A time without seconds, for lists."""
    return _time(value, "SHORT_DATETIME_FORMAT")


def brief(value: datetime | None) -> SafeString | str:
    """A time where there is little room: today's without the date, this year's without the year."""
    if value is None:
        return NOTHING
    here, now = timezone.localtime(value), timezone.localtime()
    if here.date() == now.date():
        return _time(value, "TIME_FORMAT")
    return _time(value, "THIS_YEAR_FORMAT" if here.year == now.year else "SHORT_DATE_FORMAT")


def ago(value: datetime | None) -> SafeString | str:
    """How long ago, or in how long; the moment itself shows on hover."""
    if value is None:
        return NOTHING
    return format_html(
        '<time class="ap-nowrap" datetime="{}" title="{}, {} UTC">{}</time>',
        value.isoformat(),
        local(value, "MOMENT_FORMAT"),
        f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        _relative(value),
    )


def dated(value: datetime | None) -> SafeString | str:
    """A moment and how long ago it was, where there is room for both."""
    if value is None:
        return NOTHING
    return format_html('{} <span class="ap-subtle">({})</span>', moment(value), _relative(value))


def weekday(value: datetime | None) -> SafeString | str:
    """A time that a person has to keep: with its weekday."""
    return _time(value, "WEEKDAY_TIME_FORMAT")


def local(value: datetime, pattern: str) -> str:
    """A time in the console's zone as plain text; `pattern` is best the name of a format (`askpro.console.formats`)."""
    return formats.date_format(timezone.localtime(value), pattern)


def day(value: date) -> str:
    return formats.date_format(value, "WEEKDAY_FORMAT")


def phone(number: str | None) -> SafeString | str:
    """A number in groups, as people read it; whatever is no number as it came."""
    if not number:
        return NOTHING
    shown = masking.phone(number) if masking.is_masked() else _grouped(number)
    return format_html('<span class="ap-nowrap">{}</span>', shown)


def person(customer: Any) -> SafeString | str:
    """A customer by name, else by number."""
    if customer.name or not customer.phone:
        return title(customer)
    return phone(customer.phone)


def name(text: str) -> str:
    """A customer's or caller's name."""
    return masking.name(text)


def email(address: str | None) -> str:
    """A customer's or caller's address."""
    return masking.email(address) if address else NOTHING


def text(words: str) -> str:
    """What a customer or caller said or wrote, or what was written about them."""
    return masking.words(words)


def error_class(name: str) -> SafeString | str:
    """The class of an error without its module, which shows on hover."""
    return format_html('<span title="{}">{}</span>', name, name.rpartition(".")[2]) if name else ""


def duration(value: timedelta | None) -> str:
    """A length of time in its two largest units: 850 ms, 12.4 s, 3 min 20 s, 2 h 5 min, 4 d 3 h."""
    if value is None:
        return NOTHING
    seconds = value.total_seconds()
    if 0 < abs(seconds) < 1:
        return f"{seconds * 1000:.0f} ms"
    if abs(seconds) < 60:
        tenths = round(seconds, 1)
        return f"{number(tenths, 0 if tenths == int(tenths) else 1)} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return _two(minutes, "min", rest, "s")
    hours, minutes = divmod(minutes, 60)
    return _two(hours, "h", minutes, "min") if hours < 48 else _two(hours // 24, _("d"), hours % 24, "h")


def number(value: float | Decimal, decimals: int | None = None) -> str:
    """A number as the reader writes it: 1,312 or 1.312, with `decimals` places if they are given."""
    # Django would cut the places that are too many.
    rounded = value if decimals is None else Decimal(f"{value:.{decimals}f}")
    return formats.number_format(rounded, decimals, force_grouping=True)


def price(amount: Decimal, currency: str, decimals: int = 2) -> str:
    """An amount as the reader writes it, with its currency: 0.08 EUR or 0,08 EUR."""
    return f"{number(amount, decimals)} {currency}"


def shorten(text: str, length: int = 60) -> SafeString | str:
    """A long text on one line, whole on hover."""
    if len(text) <= length:
        return text
    return format_html('<span title="{}">{}…</span>', text[:1000], text[: length - 1].rstrip())


def _relative(value: datetime) -> str:
    length = timezone.now() - value
    if abs(length) < timedelta(seconds=1):
        return _("just now")
    words = duration(timedelta(seconds=round(abs(length).total_seconds())))
    pattern = _("%(length)s ago") if length > timedelta(0) else _("in %(length)s")
    return pattern % {"length": words}


def _two(large: int, unit: str, small: int, smaller: str) -> str:
    return f"{large} {unit} {small} {smaller}" if small else f"{large} {unit}"


def _time(value: datetime | None, pattern: str) -> SafeString | str:
    if value is None:
        return NOTHING
    return format_html(
        '<time class="ap-nowrap" datetime="{}" title="{}">{}</time>',
        value.isoformat(),
        f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        local(value, pattern),
    )


@lru_cache(maxsize=4096)
def _grouped(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
