"""A date: the calls and appointments of that day."""

from django.apps import apps
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from askpro.console.day_range import read_day
from askpro.console.scope import may_see
from askpro.console.search.hit import Hit
from askpro.console.term import Term


def hits(request: HttpRequest, term: Term) -> list[Hit]:
    """The lists of a day, written as 29.11.2026, 29.11. or 2026-11-29."""
    day = read_day("".join(term.text.split()))
    if day is None:
        return []
    named = date_format(day, "SHORT_DATE_FORMAT")
    lists = (
        ("appointments.Appointment", "starts_at", _("Appointments on %(day)s"), "event"),
        ("calls.Call", "created_at", _("Calls on %(day)s"), "call"),
    )
    return [
        Hit(title % {"day": named}, _("Day"), _of_day(label, field, f"{day:%d.%m.%Y}"), icon)
        for label, field, title, icon in lists
        if may_see(request.user, apps.get_model(label))
    ]


def _of_day(label: str, field: str, day: str) -> str:
    address = reverse(f"admin:{label.lower().replace('.', '_')}_changelist")
    return f"{address}?{field}_from={day}&{field}_to={day}"
