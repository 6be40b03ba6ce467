"""Every field that can hold text is classified: what it holds of persons, or why it holds nothing."""

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import models

from askpro.privacy.classes import FIELDS, Harmless, Kept, Personal, may_hold_text, personal
from calls.models import Call
from tests.stored_models import stored_models

FIELDS_OF_CODE = {
    f"{model._meta.label}.{field.name}"
    for model in stored_models()
    for field in model._meta.concrete_fields
    if may_hold_text(field)
}
CLASSIFIED = {f"{label}.{name}" for label, fields in FIELDS.items() for name in fields}


def test_every_field_that_can_hold_text_is_classified() -> None:
    assert sorted(FIELDS_OF_CODE - CLASSIFIED) == [], "say in askpro/privacy/classes.py what they hold"


def test_no_field_is_classified_that_is_gone() -> None:
    assert sorted(CLASSIFIED - FIELDS_OF_CODE) == [], "askpro/privacy/classes.py names fields that are gone"


def test_every_class_of_data_ends_some_field() -> None:
    ended = {each.kept for fields in FIELDS.values() for each in fields.values() if isinstance(each, Personal)}
    of_nobody = {Kept.REFUSED, Kept.SESSIONS, Kept.INCIDENTS}
    assert {each for each in Kept if each not in ended} - of_nobody == {Kept.UNFINISHED_BODIES}, "it ends bodies, too"


@pytest.mark.parametrize(
    ("field", "may"),
    [
        (models.CharField(max_length=9), True),
        (models.EmailField(), True),
        (models.TextField(), True),
        (models.JSONField(), True),
        (models.BinaryField(), True),
        (ArrayField(models.CharField(max_length=9)), True),
        (models.CharField(max_length=9, choices=[("a", "A")]), False),
        (models.IntegerField(), False),
        (models.DateTimeField(), False),
    ],
)
def test_words_can_stand_in_texts_bytes_json_and_lists(field: "models.Field[object, object]", may: bool) -> None:
    assert may_hold_text(field) is may


def test_it_tells_the_personal_fields_of_a_model() -> None:
    held = dict(personal(Call))
    assert held["from_number"].kept == Kept.CALLS and "direction" not in held
    assert FIELDS["calls.Call"]["direction"] is Harmless.CODE
