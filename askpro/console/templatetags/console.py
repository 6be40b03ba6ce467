"""What the console's templates ask of single values."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.contrib.admin.models import LogEntry
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from askpro.console import deeds, display
from askpro.console.state_names import name_of
from askpro.language import engine_words

register = template.Library()


@register.filter
def outcome(state: str) -> str:
    """A state in words."""
    return name_of(state)


@register.filter
def pill(state: str, sentence: str = "") -> SafeString:
    return display.pill(state, sentence)


@register.filter
def ago(value: datetime | None) -> SafeString | str:
    return display.ago(value)


@register.filter
def seconds(value: float | None) -> str:
    """A number of seconds as a length of time."""
    return display.duration(None if value is None else timedelta(seconds=value))


@register.filter
def took(attempt: Any) -> str:
    """How long an attempt ran; empty while that is not known."""
    if attempt.started_at is None or attempt.finished_at is None:
        return ""
    return display.duration(attempt.finished_at - attempt.started_at)


@register.filter
def length_of(value: timedelta | None) -> str:
    return display.duration(value)


@register.filter
def told(row: Any, method: str) -> str:
    """What a row says of its reason by this method, in the reader's language instead of the company's."""
    return str(getattr(row, method)(get_language() or ""))


@register.filter
def state(row: Any, field: str = "status") -> SafeString:
    return display.state(row, field)


@register.filter
def page(row: Any) -> str:
    """The address of a row's page."""
    return display.address(row)


@register.filter
def engine(text: str) -> str:
    """What the engine wrote into a row, in the reader's language."""
    return engine_words.told(text or "")


@register.filter
def deed(entry: LogEntry) -> str:
    """What a person did, and why, in the reader's language."""
    return deeds.told(entry)


@register.filter
def number(value: float) -> str:
    """A number as the reader writes it."""
    return display.number(value)


@register.filter
def phone(number: str) -> SafeString | str:
    return display.phone(number)


@register.filter
def minute(value: datetime | None) -> SafeString | str:
    return display.minute(value)


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    return display.moment(value)


@register.filter
def brief(value: datetime | None) -> SafeString | str:
    return display.brief(value)


@register.filter
def weekday(value: datetime | None) -> SafeString | str:
    return display.weekday(value)


@register.filter
def person(customer: Any) -> SafeString | str:
    return display.person(customer)


@register.filter
def error_class(name: str) -> SafeString | str:
    return display.error_class(name)


@register.filter
def clock(value: datetime) -> str:
    """The time of day with milliseconds: a whole call is often worked off within a second."""
    return f"{timezone.localtime(value):%H:%M:%S}.{value.microsecond // 1000:03}"
