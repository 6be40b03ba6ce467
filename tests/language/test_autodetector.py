"""Names, help texts, choices and validators change without a migration; what PostgreSQL has to know does not."""

from typing import Any

import pytest
from django.apps import apps
from django.core.validators import RegexValidator
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models import CharField

from askpro.language.autodetector import Autodetector
from calls.models import Customer


def changed(name: str, **values: Any) -> list[str]:
    """The operations of a migration after these attributes of the field have changed."""
    before, after = ProjectState.from_apps(apps), ProjectState.from_apps(apps)
    field = after.models["calls", "customer"].fields[name]
    for attribute, value in values.items():
        setattr(field, attribute, value)
    found = Autodetector(before, after).changes(graph=MigrationLoader(None).graph)
    return [type(operation).__name__ for migration in found.get("calls", []) for operation in migration.operations]


@pytest.mark.parametrize(
    "words",
    [
        {"_verbose_name": "what it is called"},
        {"help_text": "Who it is."},
        {"choices": [("de", "Deutsch")]},
        {"_validators": [RegexValidator("^x", "It begins with x.")]},
    ],
)
def test_words_need_no_migration(words: dict[str, Any]) -> None:
    assert changed("name", **words) == []


@pytest.mark.parametrize("facts", [{"max_length": 99}, {"null": True}, {"db_index": True}])
def test_the_schema_does(facts: dict[str, Any]) -> None:
    assert changed("name", **facts) == ["AlterField"]


def test_models_keep_their_words() -> None:
    field = Customer._meta.get_field("contact_phone")
    assert isinstance(field, CharField)
    before = (field.verbose_name, field.help_text, Customer._meta.verbose_name_plural)
    assert changed("name") == []
    assert (field.verbose_name, field.help_text, Customer._meta.verbose_name_plural) == before
    assert all(before)
