"""Everything that is held of a person, as one file: readable, and as JSON. Rows are written as they are read."""

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, Final

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Field, ForeignKey, Model
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from askpro.console.subjects import MODELS
from askpro.encryption import Unreadable
from askpro.privacy import classes
from askpro.privacy.models import Read
from askpro.privacy.trail import Trail, personal_models
from askpro.queues.models import Job
from askpro.sweeping import tagged
from webhooks.inbox.reading import Malformed
from webhooks.models import WebhookEvent

TITLES: Final = {
    "calls.Customer": _("Customers"),
    "calls.CustomerNumber": _("Numbers"),
    "calls.NamePart": _("Words by which the name is searched"),
    "calls.CustomerMerge": _("Rows that became one"),
    "calls.Call": _("Calls"),
    "calls.BookingRequest": _("Requests"),
    "calls.FunctionCall": _("What the voice agent asked for"),
    "appointments.Appointment": _("Appointments"),
    "appointments.Change": _("Changes of appointments"),
    "appointments.FollowUp": _("Follow-ups"),
    "appointments.CalcomUid": _("Bookings at Cal.com"),
    "appointments.Question": _("Questions by SMS"),
    "appointments.WaitingEntry": _("Entries on the waiting list"),
    "notifications.Notification": _("Messages"),
    "notifications.OptOut": _("Numbers that answered STOP"),
    "webhooks.WebhookEvent": _("What vendors reported"),
}
UNREADABLE: Final = "?"
# Relations that say something to the person; the others are ids of rows that the file has anyway.
NAMED: Final = ("company", "branch", "service", "staff")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the file. `rows` are read once, as they are written."""

    name: str
    title: str
    rows: Iterator[dict[str, Any]]


def sections(trail: Trail) -> Iterator[Section]:
    """Row by row what is held, then who looked at it, what jobs were given, and what people did."""
    for model in personal_models():
        rows = trail.rows(model)
        if rows.exists():
            title = str(TITLES.get(model._meta.label, model._meta.verbose_name_plural))
            yield Section(
                model._meta.label, title, (_told(row) for row in rows.order_by("pk").iterator(chunk_size=100))
            )
    yield Section("jobs", str(_("Jobs, and what they were given")), _jobs(trail))
    yield Section("reads", str(_("Who looked at it")), _reads(trail))
    yield Section("record", str(_("What people did in the console")), _record(trail))


def write(target: IO[bytes], trail: Trail, language: str) -> None:
    """A zip with `person.html` and `person.json`, the former in this language ("de" or "en")."""
    with override(language), zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("person.html", "w") as page:
            for part in _pages(trail):
                page.write(part.encode("utf-8", "replace"))
        with archive.open("person.json", "w") as data:
            for part in _as_json(trail):
                data.write(part.encode("utf-8", "replace"))


@contextmanager
def only_for_us(path: Path) -> Iterator[IO[bytes]]:
    """A new file that nobody else on this machine can read. Raises `FileExistsError`."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file


def _pages(trail: Trail) -> Iterator[str]:
    words = {"title": _("What is held of this person"), "made": _("Made on"), "nothing": _("Nothing.")}
    yield render_to_string("privacy/export_head.html", {"words": words, "now": timezone.now(), "lang": get_language()})
    for section in sections(trail):
        rows = ({name: _readable(value) for name, value in row.items()} for row in section.rows)
        yield render_to_string("privacy/export_section.html", {"title": section.title, "rows": rows, "words": words})
    yield "</body></html>\n"


def _readable(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, indent=1) if isinstance(value, dict | list) else value


def _as_json(trail: Trail) -> Iterator[str]:
    yield f'{{"made_at": "{timezone.now().isoformat()}"'
    for section in sections(trail):
        yield f',\n"{section.name}": ['
        for place, row in enumerate(section.rows):
            yield f"{',' if place else ''}\n{json.dumps(row, ensure_ascii=False)}"
        yield "]"
    yield "}\n"


def _told(row: Model) -> dict[str, Any]:
    """What a row says, field by field, without what only our programs need."""
    meanings = classes.FIELDS.get(row._meta.label, {})
    told: dict[str, Any] = {"id": row.pk}
    for field in row._meta.concrete_fields:
        if not field.primary_key and _is_said(field, meanings.get(field.name)):
            value = _value(row, field)
            if value not in (None, "", {}, []):
                told[field.name] = value
    return told


def _is_said(field: "Field[Any, Any]", meaning: object) -> bool:
    if isinstance(field, ForeignKey):
        return field.name in NAMED
    return meaning not in (classes.Harmless.SECRET, classes.Harmless.KEY)


def _value(row: Any, field: "Field[Any, Any]") -> Any:
    try:
        if isinstance(row, WebhookEvent) and field.name == "body":
            return row.payload if row.has_body else None
        value = getattr(row, field.name)
    except (Malformed, Unreadable):
        return UNREADABLE
    if isinstance(value, datetime | date):
        return value.isoformat()
    if field.choices and not isinstance(value, bool):
        return str(getattr(row, f"get_{field.name}_display")())
    return value if isinstance(value, bool | int | float | str | dict | list | None) else str(value)


def _jobs(trail: Trail) -> Iterator[dict[str, Any]]:
    tags = [
        f"{word}:{pk}" for word, label in MODELS.items() if word != "company" for pk in trail.ids(apps.get_model(label))
    ]
    fields = ("actor_name", "status", "created_at", "args", "kwargs", "error_message")
    for job in (tagged(*tags) if tags else Job.objects.none()).values(*fields).iterator(chunk_size=500):
        yield job | {"created_at": job["created_at"].isoformat()}


def _reads(trail: Trail) -> Iterator[dict[str, Any]]:
    for model in personal_models():
        if model._meta.label_lower in Read.Kind.values:
            ids = [str(pk) for pk in trail.ids(model)]
            for read in Read.objects.filter(kind=model._meta.label_lower, object_id__in=ids):
                told = {"what": read.get_kind_display(), "id": read.object_id, "who": read.who, "count": read.count}
                yield told | {"first_at": read.first_at.isoformat(), "last_at": read.last_at.isoformat()}


def _record(trail: Trail) -> Iterator[dict[str, Any]]:
    for model in personal_models():
        kind = ContentType.objects.get_for_model(model)
        ids = [str(pk) for pk in trail.ids(model)]
        for entry in LogEntry.objects.filter(content_type=kind, object_id__in=ids).select_related("user"):
            told = {"what": str(model._meta.verbose_name), "id": entry.object_id, "who": entry.user.get_username()}
            yield told | {"at": entry.action_time.isoformat(), "said": entry.get_change_message()}
