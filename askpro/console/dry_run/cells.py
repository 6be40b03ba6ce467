"""A column's value in a dry run's table, as the row's own page would tell it."""

import json
from datetime import datetime
from typing import Any, Final

from django.db.models import DateTimeField, JSONField, Model, TextField
from django.utils.translation import get_language

from appointments.models import Detail
from appointments.models.freed_time import Ending
from appointments.models.offer import Passed
from askpro.console import display, masking
from askpro.language import engine_words, event_words
from askpro.language.sentences import Sentence, tell
from askpro.privacy.classes import FIELDS, Harmless, Personal
from calls.models import Unclear
from notifications.twilio.errors import Reaction
from notifications.why import Why

HIDDEN: Final = "•••"
# Columns that hold the code of a sentence, with its kinds, as the rows' own pages tell them.
CODES: Final[dict[tuple[str, str], tuple[type[Sentence], ...]]] = {
    ("appointments.Appointment", "sync_error"): (Detail, Unclear),
    ("appointments.Change", "detail"): (Detail,),
    ("appointments.FollowUp", "detail"): (Detail, Unclear),
    ("appointments.FollowUp", "settled_by"): (Detail,),
    ("appointments.FreedTime", "ending"): (Ending,),
    ("appointments.Offer", "why"): (Passed, Why, Reaction, Detail, Unclear),
    ("appointments.Reminder", "reason"): (Why,),
    ("notifications.Notification", "reason"): (Why, Reaction),
}


def shown(model: type[Model], name: str, value: Any, facts: Any = None) -> str:
    """A value as text; nothing of a secret, and of a person what the reader may see. `facts` fill its sentence."""
    if value is None or value == "":
        return display.NOTHING
    field = model._meta.get_field(name)
    meaning = FIELDS.get(model._meta.label, {}).get(name)
    is_unknown = meaning is None and isinstance(field, TextField | JSONField)
    if meaning == Harmless.SECRET or is_unknown:
        return HIDDEN
    if isinstance(meaning, Personal):
        value = masking.held(value, meaning)
    if isinstance(field, DateTimeField):
        return display.local(datetime.fromisoformat(value), "MOMENT_FORMAT")
    if choices := getattr(field, "choices", None):
        return str(dict(choices).get(value, value))
    if isinstance(value, str):
        return value if isinstance(meaning, Personal) else _worded(model, name, value, facts)
    return json.dumps(value, ensure_ascii=False)


def _worded(model: type[Model], name: str, value: str, facts: Any) -> str:
    """What programs wrote, in the reader's language: a code as its sentence, and a sentence of theirs."""
    if kinds := CODES.get((model._meta.label, name)):
        held = FIELDS.get(model._meta.label, {}).get(f"{name}_facts")
        known = facts if isinstance(facts, dict) else {}
        if isinstance(held, Personal):
            known = {key: masking.held(fact, held) for key, fact in known.items()}
        return tell(value, known, get_language() or "en", *kinds)
    return event_words.told(engine_words.told(value))
