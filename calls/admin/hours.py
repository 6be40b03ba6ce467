"""Opening hours as people write them: a line for each weekday, such as 9–13, 14–18."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from calls.german.opening_hours import DAY_KEYS, InvalidOpeningHours, OpeningHours

_TIME: Final = r"([01]?[0-9]|2[0-4])(?:[:.]([0-5][0-9]))?\s*(?:uhr|h)?"
_SPAN: Final = re.compile(rf"{_TIME}\s*(?:-|–|—|bis|to|until)\s*{_TIME}", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"[,;/+]|\bund\b|\band\b", re.IGNORECASE)
# How people say that a day is closed; an empty line says it, too.
_CLOSED: Final = frozenset({"", "-", "–", "zu", "geschlossen", "closed"})
# The longest line that is read.
_LONGEST: Final = 200


class HoursWidget(forms.MultiWidget):
    """A text for each weekday, under its name."""

    template_name = "console/hours.html"

    def __init__(self, attrs: Any = None) -> None:
        texts = {key: UnfoldAdminTextInputWidget({"autocomplete": "off"}) for key in DAY_KEYS}
        super().__init__(texts, attrs)

    def decompress(self, value: Any) -> list[str]:
        stored = value if isinstance(value, Mapping) else {}
        return [written(stored.get(key) or []) for key in DAY_KEYS]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["days"] = list(zip(WEEKDAYS.values(), context["widget"]["subwidgets"], strict=True))
        return context


class HoursField(forms.Field):
    """The stored form of opening hours, from a line for each weekday."""

    widget = HoursWidget
    default_error_messages = {
        "unread": _("%(day)s: “%(text)s” cannot be read. Write 9–18, or 9:30–13, 14–18."),
        "order": _("%(day)s: these times overlap, or end before they begin."),
    }

    def to_python(self, value: Any) -> dict[str, Any]:
        lines = value if isinstance(value, Sequence) and not isinstance(value, str) else []
        errors: list[forms.ValidationError] = []
        found: dict[str, Any] = {}
        for key, day, line in zip(DAY_KEYS, WEEKDAYS.values(), lines, strict=False):
            try:
                if spans := self._day(key, str(day), line or ""):
                    found[key] = spans
            except forms.ValidationError as error:
                errors.append(error)
        if errors:
            raise forms.ValidationError(errors)
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != (initial or {})
        except forms.ValidationError:
            return True

    def _day(self, key: str, day: str, line: str) -> list[list[str]]:
        text = " ".join(line[:_LONGEST].split())
        if text.casefold() in _CLOSED:
            return []
        spans = [_SPAN.fullmatch(part.strip()) for part in _BETWEEN.split(text)]
        if not all(spans):
            raise self._error("unread", day=day, text=text)
        hours = [[_clock(span[1], span[2]), _clock(span[3], span[4])] for span in spans if span]
        try:
            return OpeningHours.from_json({key: hours}).to_json()[key]
        except InvalidOpeningHours as error:
            raise self._error("order", day=day) from error

    def _error(self, code: str, **facts: str) -> forms.ValidationError:
        return forms.ValidationError(self.error_messages[code], code=code, params=facts)


def written(spans: Sequence[Any]) -> str:
    """A day's hours as they are read back: 09:00–13:00, 14:00–18:00."""
    return ", ".join(f"{span[0]}–{span[1]}" for span in spans if isinstance(span, Sequence) and len(span) == 2)


def _clock(hour: str, minute: str | None) -> str:
    return f"{int(hour):02}:{minute or '00'}"
