"""A filter by days: from the beginning of the first to the end of the last, in the console's zone."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import DateTimeField, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.contrib.filters.forms import RangeDateForm

FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y")
YEARS = range(1900, 3000)


class DayField(forms.DateField):
    """A day as it is written in Germany (29.11.2026, 29.11.26, 29.11.) or in ISO form."""

    def to_python(self, value: Any) -> date | None:
        text = "".join(str(value or "").split())
        if not text:
            return None
        found = read_day(text)
        if found is None:
            said = text if len(text) <= 40 else f"{text[:40]}…"
            raise forms.ValidationError(
                _("“%(text)s” is no day. Write it as 29.11.2026 or 2026-11-29.") % {"text": said}
            )
        return found


class DayRangeForm(RangeDateForm):
    """Both ends, each of which may be empty."""

    def __init__(self, name: str, *args: Any, **options: Any) -> None:
        super().__init__(name, *args, **options)
        for end, field in self.fields.items():
            # Its name for screen readers, since no label shows.
            field.widget.attrs["aria-label"] = field.widget.attrs["placeholder"]
            self.fields[end] = DayField(label="", required=False, widget=field.widget)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        first, last = said.get(f"{self.name}_from"), said.get(f"{self.name}_to")
        if first and last and first > last:
            self.add_error(f"{self.name}_to", _("The last day lies before the first."))
        return said


class DayRangeFilter(RangeDateFilter):
    """What cannot be read is told, and no row shows: a filter that is left out in silence looks like an answer."""

    form_class = DayRangeForm

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        form = self.form_class(name=self.field_path, data=self.used_parameters)
        if form.is_valid():
            first, last = form.cleaned_data[f"{self.field_path}_from"], form.cleaned_data[f"{self.field_path}_to"]
            return queryset.filter(**self._conditions(first, last))
        if request.method == "GET":
            for sentence in [each for errors in form.errors.values() for each in errors]:
                messages.error(request, sentence)
        return queryset.none()

    def _conditions(self, first: date | None, last: date | None) -> dict[str, Any]:
        has_time = isinstance(self.field, DateTimeField)
        after = last + timedelta(days=1) if last else None
        ends = {"gte": first, "lt": after}
        return {
            f"{self.field_path}__{lookup}": _midnight(day) if has_time else day for lookup, day in ends.items() if day
        }


def read_day(text: str) -> date | None:
    """The day that a text names; None when it names none."""
    if text.count(".") == 2 and text.endswith("."):
        # Written in before reading, so that 29.2. is a day in leap years only.
        text = f"{text}{timezone.localdate().year}"
    for form in FORMATS:
        try:
            found = datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        return found if found.year in YEARS else None
    return None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
