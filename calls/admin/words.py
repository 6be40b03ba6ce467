"""Words as a list: one a line."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

MOST: Final = 100
LONGEST: Final = 200


class WordsField(forms.Field):
    """A list of texts, each once, from a text with a line for each."""

    widget = UnfoldAdminTextareaWidget
    default_error_messages = {
        # PostgreSQL's JSON can hold no NUL.
        "unreadable": _("Write words only, one a line."),
        "long": _("A line has at most %(most)s characters."),
        "many": _("These are more than %(most)s lines."),
    }

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else value

    def to_python(self, value: Any) -> list[str]:
        found: dict[str, str] = {}
        for line in str(value or "").splitlines():
            if word := " ".join(line.split()):
                found.setdefault(word.casefold(), word)
        words = list(found.values())
        if len(words) > MOST:
            raise self._error("many", MOST)
        for word in words:
            if len(word) > LONGEST:
                raise self._error("long", LONGEST)
            if not word.isprintable():
                raise self._error("unreadable")
        return words

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != list(initial or [])
        except forms.ValidationError:
            return True

    def _error(self, code: str, most: int = 0) -> forms.ValidationError:
        return forms.ValidationError(self.error_messages[code], code=code, params={"most": most})
