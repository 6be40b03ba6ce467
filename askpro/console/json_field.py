"""JSON as people write it into a form, held to what PostgreSQL can keep."""

import json
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput

_ESCAPED_BACKSLASH = re.compile(r"\\\\")


class StorableJSONField(forms.JSONField):
    """Refuses at the field what would be an error later: a NUL, half a character, NaN, endless numbers and depths."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip() and not _is_storable(value):
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value[:100]})
        return super().to_python(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        if isinstance(data, str) and not _is_storable(data):
            # Shown again as it was written.
            return InvalidJSONInput(data)
        return super().bound_data(data, initial)


def _is_storable(text: str) -> bool:
    try:
        written = json.dumps(json.loads(text), ensure_ascii=False, allow_nan=False)
        written.encode()
    except (ValueError, RecursionError):
        return False
    return r"\u0000" not in _ESCAPED_BACKSLASH.sub("", written)
