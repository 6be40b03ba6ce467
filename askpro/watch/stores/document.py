"""The state as one JSON text, for stores without rows."""

import json
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder

from askpro.watch.models import Delivery, Incident, Mute, Notice
from askpro.watch.state import Record, State, of

_MODELS: Final[dict[str, type[Record]]] = {each.__name__: each for each in (Incident, Mute, Notice, Delivery)}


def written(state: State) -> str:
    records = [{"model": type(each).__name__, **_values(each)} for each in state.records()]
    return json.dumps(records, cls=DjangoJSONEncoder)


def read(text: str) -> State:
    """An empty state for a text that is none: alerts must not end because a file is broken."""
    try:
        state = of([_record(each) for each in json.loads(text)] if text else [])
    except (ValueError, TypeError, KeyError, LookupError, AttributeError, RecursionError):
        return State()
    for delivery in list(state.deliveries.values()):
        if notice := state.notices.get(delivery.notice_id):
            delivery.notice = notice
        else:
            del state.deliveries[delivery.pk]
    return state


def copied(state: State) -> State:
    """Another state with records of its own."""
    return read(written(state))


def _values(record: Record) -> dict[str, Any]:
    return {field.attname: getattr(record, field.attname) for field in record._meta.concrete_fields}


def _record(values: dict[str, Any]) -> Record:
    """Fields of another release are left out, or have their defaults."""
    model = _MODELS[values["model"]]
    fields = {field.attname: field for field in model._meta.concrete_fields if field.attname in values}
    return model(**{name: field.to_python(values[name]) for name, field in fields.items()})
