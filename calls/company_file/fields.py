"""From the file's texts to what the columns hold: words, numbers, hours, and secrets from the environment."""

import os
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models

from askpro.encryption import EncryptedTextField
from calls import phone
from calls.company_file.document import Faults, Value, check_keys

YES: Final = frozenset({"true", "yes", "on"})
NO: Final = frozenset({"false", "no", "off"})
NUMBERS: Final = frozenset({"number", "phone"})
# Each model's own columns, without relations and what AskPro keeps for itself.
SKIPPED: Final = frozenset({"id", "created_at"})


class Unfit(ValueError):
    """The text says what a value has to be."""


def columns(model: type[models.Model]) -> dict[str, "models.Field[Any, Any]"]:
    """The columns that a file may fill, by name."""
    own = [each for each in model._meta.concrete_fields if each.editable and not each.is_relation]
    return {each.name: each for each in own if each.name not in SKIPPED}


def converted(column: "models.Field[Any, Any]", value: Value, country: str, faults: Faults) -> Any:
    """What the column holds for this value. Raises `Unfit`, or Django's `ValidationError`."""
    if isinstance(column, EncryptedTextField):
        return secret(value, faults)
    if isinstance(column, models.JSONField):
        return _hours(value) if column.name == "opening_hours" else _json(column, value)
    if isinstance(value.content, list | dict):
        raise Unfit("This has to be a single value.")
    if value.content is None:
        return None if column.null else column.get_default() if column.has_default() else ""
    if isinstance(column, models.BooleanField):
        return _yes_or_no(value.text)
    if column.name in NUMBERS:
        return phone.normalise(value.text, country) or value.text
    return column.to_python(value.text.strip())


def secret(value: Value, faults: Faults) -> str:
    """The value of the environment variable that `{env: NAME}` names."""
    if value.content is None:
        return ""
    if not value.mapping:
        raise Unfit("A secret does not stand in a file: write {env: NAME}, and set NAME in the environment.")
    check_keys(value, ["env"], faults, "A secret")
    name = value.mapping["env"].text if "env" in value.mapping else ""
    found = os.environ.get(name, "") if name else ""
    if not found:
        raise Unfit(f"The environment has no {name}." if name else "Write {env: NAME}.")
    return found


def _yes_or_no(text: str) -> bool:
    if text.lower() in YES | NO:
        return text.lower() in YES
    raise Unfit("This has to be true or false.")


def _hours(value: Value) -> dict[str, list[list[str]]]:
    """Hours as they are stored, from `mo: 09:00-18:00`, or a list of such spans; the branch checks the times."""
    if value.content is not None and not isinstance(value.content, dict):
        raise Unfit("Write each weekday with its hours, such as mo: 09:00-18:00")
    return {
        day: [_span(each) for each in spans.items or [spans]] for day, spans in value.mapping.items() if spans.content
    }


def _span(value: Value) -> list[str]:
    if value.items:
        return [each.text for each in value.items]
    return [part.strip() for part in value.text.replace("–", "-").split("-")]


def _json(column: "models.Field[Any, Any]", value: Value) -> Any:
    empty = column.get_default()
    if value.content is None:
        return empty
    told = value.plain()
    if type(told) is not type(empty):
        raise Unfit("This has to be a list." if isinstance(empty, list) else "This has to be a mapping.")
    words = told if isinstance(told, list) else list(told.values()) if isinstance(told, dict) else []
    if not all(isinstance(word, str) and word and word.isprintable() for word in words):
        raise Unfit("This has to hold words only.")
    return told


def messages(error: ValidationError) -> list[str]:
    return [str(message) for message in error.messages]
