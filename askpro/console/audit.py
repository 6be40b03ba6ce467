"""The record of what people do in the console: every act is noted here, in the transaction in which it is done."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import JSONField, Model, TextField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from askpro.console.models import Access, Deed
from askpro.correlation import correlation_id
from askpro.network import address_of
from askpro.privacy.classes import FIELDS, Harmless
from calls.models import Company

# What an act is called here, by its code; an `Act` of a page says it itself (`done`).
WORDS: Final[dict[str, Any]] = {
    "added": _("added"),
    "changed": _("changed"),
    "deleted": _("deleted"),
    "password": _("password changed"),
    "second_factor": _("second factor set up"),
    "no_second_factor": _("second factor taken away"),
    "recovery_codes": _("new recovery codes"),
    "reveal": _("personal data revealed"),
    "export": _("list exported"),
    "export_person": _("exported what is held of the person"),
    "erase_person": _("asked to erase the person"),
    "press": _("pressed a free time"),
    "merge": _("customers merged"),
    "numbers": _("numbers changed"),
    "where": _("asked where it is"),
    "profile": _("asked what takes its time"),
    "pause": _("paused"),
    "resume": _("resumed"),
    "scale": _("scaled"),
    "restart": _("told to restart"),
    "stop": _("told to stop"),
    "repair": _("asked for a repair"),
    "replace": _("replaced by a job with other arguments"),
    "fix": _("closed as fixed"),
    "dry_run": _("tried in a dry run"),
    "curl": _("shown as a curl command"),
}
# No value is kept that may be about a person, or that is a secret.
_TOLD: Final = (Harmless.CODE, Harmless.SETTING, Harmless.MACHINE)
_LONGEST: Final = 300


def note(
    request: HttpRequest,
    rows: Model | Iterable[Model] | None,
    act: str,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    *,
    words: str = "",
    about: str = "",
    count: int = 1,
    entries: list[LogEntry] | None = None,
) -> list[Deed]:
    """Note an act on these rows: one deed for each; without a row, one that is `about` something, on `count` rows.

    `act` is a code of `WORDS` or the name of an `Act`; `before` and `after` are what `state` tells of one row. Django's
    own record gets an entry for each row with these `words`, unless it has `entries` already.
    """
    changed = {"before": _plain(before), "after": _plain(after)}
    common = {**_who(request), "act": act[:64], "reason": reason, **changed}
    if rows is None:
        return [Deed.objects.create(**common, name=about[:200], count=count)]
    found = [rows] if isinstance(rows, Model) else list(rows)
    made = _entries(request, found, act, reason, words) if entries is None else entries
    deeds = [Deed(**common, **_which(row), entry=entry) for row, entry in zip(found, made, strict=True)]
    return Deed.objects.bulk_create(deeds)


def state(row: Model) -> dict[str, Any]:
    """What of a row may be kept in the record: states, times, settings and ids, and nothing about a person."""
    meanings = FIELDS.get(row._meta.label, {})
    deferred = row.get_deferred_fields()
    told = {}
    for field in row._meta.concrete_fields:
        meaning = meanings.get(field.name)
        if field.attname in deferred or (meaning is not None and meaning not in _TOLD):
            continue
        if meaning is None and isinstance(field, TextField | JSONField):
            continue
        told[field.name] = field.value_from_object(row)
    return told


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of two states, what differs."""
    names = [name for name in after if name in before and before[name] != after[name]]
    return {name: before[name] for name in names}, {name: after[name] for name in names}


def told(deed: Deed) -> str:
    """What was done, in the reader's language."""
    if deed.act in WORDS:
        return str(WORDS[deed.act])
    model = deed.content_type.model_class() if deed.content_type else None
    page = admin.site._registry.get(model) if model is not None else None
    return next((str(act.done) for act in getattr(page, "acts", ()) if act.name == deed.act), deed.act)


def _who(request: HttpRequest) -> dict[str, Any]:
    sender = address_of(request)
    return {
        "user_id": request.user.pk,
        "who": request.user.get_username()[:150],
        "address": str(sender or ""),
        "correlation_id": correlation_id(),
    }


def _which(row: Model) -> dict[str, Any]:
    return {
        "content_type": ContentType.objects.get_for_model(type(row)),
        "object_id": str(row.pk),
        "name": str(row)[:200],
        "company_id": company_of(row),
    }


def company_of(row: Model) -> int | None:
    """The company to which a row belongs, if it belongs to one. A log-in may be bound to one."""
    if isinstance(row, Company):
        return row.pk
    if isinstance(row, User):
        bound = set(Access.objects.filter(user=row).values_list("companies", flat=True))
        return bound.pop() if len(bound) == 1 else None
    found = getattr(row, "company_id", None)
    return found if isinstance(found, int) else None


def _entries(request: HttpRequest, rows: list[Model], act: str, reason: str, words: str) -> list[LogEntry]:
    """Django's own record, which each row's page and history show."""
    said = words or ": ".join(filter(None, (_capital(str(WORDS.get(act, act))), reason)))
    return list(LogEntry.objects.log_actions(int(request.user.pk or 0), rows, CHANGE, change_message=said) or [])


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """As JSON keeps them, none of them long."""
    kept: dict[str, Any] = json.loads(json.dumps(dict(values or {}), cls=DjangoJSONEncoder, default=str))
    return {name: value[:_LONGEST] if isinstance(value, str) else value for name, value in kept.items()}
