"""What a form says of the row that it shows a part of."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError


class WholeRow:
    """For forms of models: what the model finds wrong with a field that the form does not have is told above them all.

    Django raises `ValueError` for such a field, and the person would see an error page.
    """

    fields: dict[str, forms.Field]

    def add_error(self, field: str | None, error: Any) -> None:
        if field is None and hasattr(error, "error_dict"):
            error = ValidationError(self._where_it_shows(error.error_dict))
        super().add_error(field, error)  # type: ignore[misc]

    def _where_it_shows(self, found: dict[str, list[ValidationError]]) -> dict[str, list[ValidationError]]:
        told: dict[str, list[ValidationError]] = {}
        for name, errors in found.items():
            told.setdefault(name if name in self.fields else NON_FIELD_ERRORS, []).extend(errors)
        return told


class WholeRowMixin:
    """For pages and inlines with a form: whatever their form is, it tells that."""

    form: Any

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.form = type(self.form.__name__, (WholeRow, self.form), {"__module__": self.form.__module__})
