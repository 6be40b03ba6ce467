"""What may name a person besides the person's rows: jobs and their history, the console's record, sessions.

Jobs have ids as arguments, and errors and logs keep strangers' words out. This does not rely on it: every text about
jobs, hosts and requests is searched for the person's numbers and addresses, and what jobs about the person's rows said
is blanked.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

import phonenumbers
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db.models import Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from askpro.console.models import Deed
from askpro.console.subjects import MODELS
from askpro.privacy import classes
from askpro.privacy.models import Wanted
from askpro.privacy.trail import Trail
from askpro.queues.models import ArchivedJob, AttemptRow, Job

ERASED: Final = "[erased]"
# Digits that too many numbers share say nothing.
SHORTEST: Final = 7
TAGS_AT_ONCE: Final = 500
# In the console's record: how rows were named, and what people wrote about them.
NAMING: Final = {
    "admin.LogEntry": ["object_repr", "change_message"],
    "console.Deed": ["name", "reason", "before", "after"],
}
SILENT: Final = {"error_message": "", "trace": "", "log": ""}
MUTE: Final = {"error_message": "", "release_reason": ""}


def erase(trail: Trail) -> Iterator[tuple[str, int]]:
    """Blank and replace; yields each table's name with how many rows were written."""
    yield from _counted(Job, silence_jobs(trail))
    yield from _counted(LogEntry, erase_record(trail))
    needles = needles_of(trail.wanted)
    if needles:
        yield from _counted(Session, clean_sessions(needles))
        for model, fields in searched():
            yield from _counted(model, clean(model, fields, needles))


def silence_jobs(trail: Trail) -> int:
    """Blank what was said by jobs about the person's rows, here and in the archive; returns how many jobs."""
    tags = [
        f"{word}:{pk}" for word, label in MODELS.items() for pk in trail.ids(apps.get_model(label)) if word != "company"
    ]
    silenced = 0
    for start in range(0, len(tags), TAGS_AT_ONCE):
        some = tags[start : start + TAGS_AT_ONCE]
        jobs = Job.objects.exclude(tags=[]).filter(tags__overlap=some)
        ids = [*jobs.values_list("pk", flat=True)]
        # Only what said something is written: a row that is written within seconds of its end may count as two runs.
        AttemptRow.objects.filter(job_id__in=ids).exclude(**SILENT).update(**SILENT)
        silenced += jobs.filter(pk__in=ids).exclude(**MUTE).update(**MUTE)
        for row in ArchivedJob.objects.exclude(tags=[]).filter(tags__overlap=some):
            told = [attempt | {"error_message": ""} for attempt in row.story.get("attempts", [])]
            ArchivedJob.objects.filter(pk=row.pk).update(story=row.story | {"error_message": "", "attempts": told})
            silenced += 1
    return silenced


def erase_record(trail: Trail) -> int:
    """Name rows by their ids in the console's record, and drop what people wrote there about them."""
    written = 0
    for model in trail.models():
        kind = ContentType.objects.get_for_model(model)
        entries = LogEntry.objects.filter(content_type=kind, object_id__in=[str(pk) for pk in trail.ids(model)])
        for entry in entries:
            entry.object_repr = f"{model._meta.verbose_name} {entry.object_id}"
            entry.change_message = _without_words(entry.change_message)
            entry.save(update_fields=["object_repr", "change_message"])
            written += 1
        deeds = Deed.objects.filter(content_type=kind, object_id__in=[str(pk) for pk in trail.ids(model)])
        named = Concat(Value(f"{model._meta.verbose_name} "), "object_id")
        written += deeds.update(name=named, reason="", before={}, after={})
    return written


def clean_sessions(needles: Iterable[str]) -> int:
    """Replace the person's numbers and addresses in what log-ins keep between two pages."""
    written = 0
    for session in Session.objects.all().iterator(chunk_size=500):
        data = session.get_decoded()
        if (cleaned := replaced(data, needles)) != data:
            session.session_data = SessionStore().encode(cleaned)
            session.save(update_fields=["session_data"])
            written += 1
    return written


def needles_of(wanted: Wanted) -> list[str]:
    """What a text is searched for: addresses, and numbers without their prefixes, which are written in many ways."""
    digits = [national(number) for number in wanted.numbers]
    return sorted({*wanted.emails, *(number for number in digits if len(number) >= SHORTEST)})


def national(number: str) -> str:
    """The digits that all spellings of a number share."""
    return str(phonenumbers.parse(number, None).national_number)


def searched() -> Iterator[tuple[type[Model], list[str]]]:
    """The tables about jobs, hosts and requests with their texts, and the console's record."""
    for label, meanings in classes.FIELDS.items():
        model = apps.get_model(label)
        harmless = [
            name for name, meaning in meanings.items() if meaning in (classes.Harmless.MACHINE, classes.Harmless.KEY)
        ]
        fields = [name for name in harmless if _is_searched(model, name)]
        fields = NAMING.get(label, fields)
        if fields and model._meta.managed and label != "sessions.Session":
            yield model, fields


def clean(model: type[Model], fields: Iterable[str], needles: Iterable[str]) -> int:
    """Replace what names the person in these fields of all rows; returns how many rows had it."""
    fields, needles, found = [*fields], [*needles], Q()
    texts = {f"{name}_text": Cast(name, TextField()) for name in fields}
    for name in texts:
        for needle in needles:
            found |= Q(**{f"{name}__icontains": needle})
    rows: QuerySet[Any] = model._default_manager.annotate(**texts).filter(found)
    written = 0
    for row in rows.values("pk", *fields):
        values = {name: replaced(row[name], needles) for name in fields if row[name] is not None}
        written += model._default_manager.filter(pk=row["pk"]).update(**values)
    return written


def replaced(value: Any, needles: Iterable[str]) -> Any:
    """The same value, of any shape, without the words of it that name the person."""
    if isinstance(value, dict):
        return {replaced(key, needles): replaced(inner, needles) for key, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner, needles) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and any(needle in str(value) for needle in needles):
        return 0
    if not isinstance(value, str):
        return value
    for needle in needles:
        value = _without(value, needle)
    return value


def _without(text: str, needle: str) -> str:
    lowered = text.lower()
    if needle not in lowered:
        return text
    if len(lowered) != len(text):
        # Some letter is longer in its small form, so that places in one text are not those in the other.
        return ERASED
    parts, start = [], 0
    while (at := lowered.find(needle, start)) >= 0:
        parts += [text[start:at], ERASED]
        start = at + len(needle)
    return "".join([*parts, text[start:]])


def _is_searched(model: type[Model], name: str) -> bool:
    """Keys of rows are left out: they are digests and ids, and a changed one would be another row's."""
    field: Any = model._meta.get_field(name)
    return not (field.primary_key or field.unique)


def _without_words(message: str) -> str:
    """Which fields were changed stays; what a person wrote goes."""
    try:
        told = json.loads(message)
    except ValueError:
        return ERASED if message else ""
    if not isinstance(told, list):
        return ERASED
    return json.dumps([{verb: {"fields": said.get("fields", [])} for verb, said in one.items()} for one in told])


def _counted(model: type[Model], count: int) -> Iterator[tuple[str, int]]:
    if count:
        yield model._meta.label, count
