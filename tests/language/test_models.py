"""What a model is called, what its fields are called and what its states mean is said in the reader's language."""

from typing import Any, Final

import pytest
from django.contrib import admin
from django.db.models import Field, Model
from django.utils.functional import Promise

from askpro.language.extraction import FOLDERS
from tests.stored_models import stored_models

# Packages' models are theirs.
OURS: Final = sorted(
    (model for model in stored_models() if model.__module__.partition(".")[0] in FOLDERS),
    key=lambda model: model._meta.label,
)
# Names of vendors, languages and abbreviations, which both languages share.
SHARED: Final = {
    "Retell",
    "Cal.com",
    "Twilio",
    "SMS",
    "API",
    "Slack",
    "GSM-7",
    "UCS-2",
    "Deutsch",
    "English",
    "%(text)s",
}

every_model = pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)


def fields(model: type[Model]) -> "list[Field[Any, Any]]":
    """Those that a person can meet: on the pages of the console, by Django's own or by the model's name."""
    own = [field for field in model._meta.get_fields() if isinstance(field, Field)]
    return [field for field in own if not getattr(field, "auto_created", False)]


@every_model
def test_a_model_has_names(model: type[Model]) -> None:
    assert isinstance(model._meta.verbose_name, Promise) and isinstance(model._meta.verbose_name_plural, Promise)


@every_model
def test_fields_of_a_model_with_a_page_have_names(model: type[Model]) -> None:
    if not admin.site.is_registered(model):
        pytest.skip("no page shows its fields")
    nameless = [field.name for field in fields(model) if not isinstance(field.verbose_name, Promise)]
    assert nameless == [], "mark their first argument, or verbose_name, by gettext_lazy"


@every_model
def test_help_and_states_are_marked(model: type[Model]) -> None:
    unmarked = [field.name for field in fields(model) if field.help_text and not isinstance(field.help_text, Promise)]
    states = [
        f"{field.name}: {label}"
        for field in fields(model)
        for _, label in field.choices or ()
        if not isinstance(label, Promise) and label not in SHARED
    ]
    assert (unmarked, states) == ([], [])
