"""Every field that can hold text, and what it holds of persons. Retention and erasure go by it.

A test walks all models: a field that is not entered here fails it. Fields with fixed choices need no entry.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Kept(models.TextChoices):
    """The classes of data that are kept for a number of days, which each company may set (`RetentionRule`)."""

    TRANSCRIPTS = "transcripts", _("Transcripts, recordings and what agents collected")
    FUNCTIONS = "functions", _("Answers of the agents' functions")
    BODIES = "bodies", _("Raw webhooks, processed")
    UNFINISHED_BODIES = "unfinished_bodies", _("Raw webhooks that wait for a person")
    EVENTS = "events", _("Webhook events without their body")
    MESSAGES = "messages", _("Messages' texts and recipients")
    WORDS = "words", _("Callers' words in requests, follow-ups and changes")
    CALLS = "calls", _("Whose call it was")
    APPOINTMENTS = "appointments", _("Whose appointment it was")
    CUSTOMERS = "customers", _("Customers who have not been seen for long")
    READS = "reads", _("Who read what in the console")
    DEEDS = "deeds", _("What people did in the console")
    REFUSED = "refused", _("Counts of refused webhooks")
    SESSIONS = "sessions", _("Sessions of the console that are over")
    LOGINS = "logins", _("Attempts to log in")
    INCIDENTS = "incidents", _("Incidents that are over, and what was told of them")


# The same for all companies, since their rows belong to none.
OF_ALL: Final = (Kept.DEEDS, Kept.REFUSED, Kept.SESSIONS, Kept.LOGINS, Kept.INCIDENTS)


class Holds(StrEnum):
    """What a field may hold of a person."""

    WHO = "names, numbers and addresses of customers and callers"
    WORDS = "what they said or wrote, and what was written to them"
    RAW = "what a vendor sent about them, as it came"
    TRACE = "an id under which a vendor keeps data about them"
    STAFF = "names and addresses of staff and users, and what these write"


class Harmless(StrEnum):
    """Why a field holds nothing of a customer or caller."""

    CODE = "one of the codes and names that this or a vendor's program knows"
    KEY = "an id, a digest or a key made by a machine, which leads to no person by itself"
    SETTING = "what a company or the installation has entered about itself"
    SECRET = "a credential, encrypted or hashed"
    MACHINE = "about hosts, jobs and requests: strangers' words are kept out (askpro.queues.plain)"


@dataclass(frozen=True, slots=True)
class Personal:
    """`kept` is the class by whose days it ends; a text says what else ends it."""

    holds: Holds
    kept: Kept | str


def _each(meaning: Personal | Harmless, *names: str) -> dict[str, Personal | Harmless]:
    return dict.fromkeys(names, meaning)


_PEOPLE: Final = Personal(Holds.STAFF, "entered and deleted by people")

# By model and field.
FIELDS: Final[dict[str, dict[str, Personal | Harmless]]] = {
    "admin.LogEntry": {
        "object_id": Harmless.KEY,
        "object_repr": Personal(Holds.WHO, Kept.DEEDS),
        "change_message": Personal(Holds.WORDS, Kept.DEEDS),
    },
    "api.ApiToken": {"name": Harmless.SETTING, **_each(Harmless.SECRET, "token_sha256", "hint")},
    "api.Submission": _each(Harmless.KEY, "key", "body_sha256"),
    "appointments.Appointment": {
        **_each(Harmless.CODE, "timezone", "sync_error"),
        **_each(
            Personal(Holds.WHO, Kept.APPOINTMENTS),
            *("attendee_name", "attendee_email", "calcom_email", "attendee_phone", "sync_error_facts"),
        ),
        **_each(Personal(Holds.WORDS, Kept.APPOINTMENTS), "notes", "cancellation_reason"),
        "calcom_uid": Personal(Holds.TRACE, "stays: Cal.com keeps the booking, and its webhooks are told apart by it"),
    },
    "appointments.Attempt": {"note": Personal(Holds.WORDS, Kept.WORDS)},
    "appointments.CalcomUid": {
        **_each(
            Personal(Holds.TRACE, "stays: a booking that has ended must not come back"), "uid", "replaced_by", "seats"
        ),
        "end_reason": Personal(Holds.WORDS, Kept.APPOINTMENTS),
    },
    "appointments.Change": {
        "reason": Personal(Holds.WORDS, Kept.WORDS),
        "detail_facts": Personal(Holds.WHO, Kept.WORDS),
        "detail": Harmless.CODE,
        "alternatives": Harmless.MACHINE,
    },
    "appointments.Escalation": {"told": Harmless.SETTING},
    "appointments.FollowUp": {
        **_each(Personal(Holds.WORDS, Kept.WORDS), "words", "note"),
        "detail_facts": Personal(Holds.WHO, Kept.WORDS),
        **_each(Harmless.CODE, "topic", "detail", "settled_by"),
        "alternatives": Harmless.MACHINE,
    },
    "appointments.Question": {"number": Personal(Holds.WHO, Kept.MESSAGES), "sender": Harmless.SETTING},
    "appointments.FreedTime": {"ending": Harmless.CODE},
    "appointments.Offer": {"why": Harmless.CODE, "why_facts": Harmless.CODE},
    "appointments.WaitingEntry": {
        "weekdays": Harmless.SETTING,
        "note": Personal(Holds.WORDS, Kept.CUSTOMERS),
    },
    "appointments.Reminder": {"reason": Harmless.CODE},
    "auth.Group": _each(Harmless.SETTING, "name"),
    "auth.Permission": _each(Harmless.CODE, "name", "codename"),
    "auth.User": {**_each(_PEOPLE, "username", "first_name", "last_name", "email"), "password": Harmless.SECRET},
    "calls.BookingRequest": {
        **_each(
            Personal(Holds.WORDS, Kept.WORDS),
            *("date_words", "time_words", "service_words", "staff_words", "branch_words", "notes"),
        ),
        **_each(Personal(Holds.WHO, Kept.WORDS), "name", "contact_phone", "email"),
    },
    "calls.Branch": _each(
        Harmless.SETTING,
        *("name", "street", "postal_code", "city", "phone", "timezone", "country", "opening_hours", "state"),
        "notification_email",
    ),
    "calls.Call": {
        "retell_call_id": Personal(Holds.TRACE, Kept.CALLS),
        "from_number": Personal(Holds.WHO, Kept.CALLS),
        "to_number": Harmless.SETTING,
        "agent_id": Harmless.SETTING,
        **_each(Harmless.CODE, "direction", "disconnection_reason"),
        **_each(
            Personal(Holds.WORDS, Kept.TRANSCRIPTS),
            *("transcript", "recording_url", "summary", "variables", "analysis", "problems", "review_reasons"),
        ),
    },
    "calls.ClosedDay": _each(Harmless.SETTING, "reason"),
    "calls.Company": {
        **_each(Harmless.SETTING, "name", "slug", "timezone", "country", "sms_sender", "currency"),
        **_each(Harmless.SETTING, "notification_email", "escalation_email", "report_emails"),
        "calcom_api_key": Harmless.SECRET,
    },
    "calls.Customer": {
        **_each(Personal(Holds.WHO, Kept.CUSTOMERS), "name", "phone", "contact_phone", "email"),
        "legal_hold": Personal(Holds.STAFF, "stays until somebody ends the hold"),
    },
    "calls.CustomerMerge": {
        "note": Personal(Holds.WORDS, Kept.CUSTOMERS),
        **_each(Harmless.KEY, "moved", "filled"),
    },
    "calls.CustomerNumber": {"number": Personal(Holds.WHO, Kept.CUSTOMERS)},
    "calls.NamePart": {"part": Personal(Holds.WHO, Kept.CUSTOMERS)},
    "calls.FunctionCall": {
        "name": Harmless.CODE,
        "key": Harmless.KEY,
        "answer": Personal(Holds.WORDS, Kept.FUNCTIONS),
    },
    "calls.PhoneNumber": _each(Harmless.SETTING, "number", "retell_agent_id", "booking_functions"),
    "calls.Service": _each(
        Harmless.SETTING, "name", "synonyms", "calcom_slug", "obstacles", "required_fields", "field_answers"
    ),
    "calls.Staff": _each(_PEOPLE, "name", "email"),
    "console.Deed": {
        **_each(Personal(Holds.STAFF, Kept.DEEDS), "who", "address"),
        "name": Personal(Holds.WHO, Kept.DEEDS),
        "reason": Personal(Holds.WORDS, Kept.DEEDS),
        "act": Harmless.CODE,
        "object_id": Harmless.KEY,
        **_each(Harmless.MACHINE, "before", "after"),
    },
    "console.LoginAttempt": {
        "name_digest": Harmless.KEY,
        "network": Personal(Holds.STAFF, Kept.LOGINS),
    },
    "console.SecondFactor": _each(Harmless.SECRET, "secret", "recovery"),
    "console.ShippedGroup": _each(Harmless.CODE, "given"),
    "console.Fix": {
        **_each(Harmless.CODE, "actor_name", "error_class", "fingerprint", "version", "reopened_in"),
        "broken": Harmless.MACHINE,
        "note": Personal(Holds.WHO, Kept.DEEDS),
    },
    "console.Repair": {
        **_each(Harmless.CODE, "kind", "verb", "tried", "code_version"),
        **_each(Harmless.MACHINE, "chosen", "finding"),
        "reason": Personal(Holds.WHO, Kept.DEEDS),
    },
    "console.RepairItem": {"key": Harmless.KEY, "reason": Harmless.CODE},
    "contenttypes.ContentType": _each(Harmless.CODE, "app_label", "model"),
    "django_dramatiq.Task": _each(Harmless.MACHINE, "message_data", "actor_name", "queue_name"),
    "metrics.Delta": {**_each(Harmless.CODE, "name", "part", "result"), "buckets": Harmless.MACHINE},
    "metrics.JobTotal": _each(Harmless.CODE, "what", "queue_name", "actor_name", "about"),
    "metrics.Total": {**_each(Harmless.CODE, "name", "part", "result"), "buckets": Harmless.MACHINE},
    "health.Canary": _each(Harmless.MACHINE, "queue"),
    "notifications.MessageTemplate": _each(Harmless.SETTING, "subject", "text"),
    "notifications.Notification": {
        **_each(Harmless.CODE, "reason", "provider_status", "error_code", "currency"),
        "reason_facts": Personal(Holds.WHO, Kept.MESSAGES),
        "recipient": Personal(Holds.WHO, Kept.MESSAGES),
        "text": Personal(Holds.WORDS, Kept.MESSAGES),
        **_each(
            Personal(Holds.TRACE, "stays: Twilio's reports are told apart by it"), "provider_id", "earlier_provider_id"
        ),
        "sender": Harmless.SETTING,
    },
    "notifications.OptOut": {
        "number": Personal(Holds.WHO, "stays: STOP holds until START is answered"),
        "sender": Harmless.SETTING,
    },
    "privacy.Erasure": {
        "wanted": Personal(Holds.WHO, "emptied once the person is erased"),
        **_each(Harmless.KEY, "customers", "marks"),
        "reference": Harmless.SETTING,
        "who": _PEOPLE,
    },
    "privacy.Item": {
        "subject": Personal(Holds.TRACE, "stays: it says what was erased at a vendor"),
        "note": _PEOPLE,
    },
    "privacy.Pepper": _each(Harmless.SECRET, "secret"),
    "privacy.Read": {
        "who": Personal(Holds.STAFF, Kept.READS),
        "object_id": Harmless.KEY,
        "page": Harmless.CODE,
    },
    "privacy.RetentionRun": {"by": _PEOPLE},
    "queues.ArchivedJob": _each(Harmless.MACHINE, "actor_name", "queue_name", "tags", "error_class", "story"),
    "queues.Attempt": _each(
        Harmless.MACHINE, "code_version", "error_class", "error_message", "trace", "log", "fingerprint"
    ),
    "queues.AttemptRow": _each(
        Harmless.MACHINE, "code_version", "error_class", "error_message", "trace", "log", "fingerprint"
    ),
    "queues.Batch": _each(Harmless.MACHINE, "name"),
    "queues.Effect": _each(Harmless.KEY, "key"),
    "queues.FleetCommand": {"pool": Harmless.MACHINE, "by": _PEOPLE},
    "queues.FleetEvent": _each(Harmless.MACHINE, "text", "about"),
    "watch.Delivery": _each(Harmless.MACHINE, "channel", "held_by", "error"),
    "watch.Incident": {
        **_each(Harmless.MACHINE, "code", "about", "host", "facts"),
        **_each(_PEOPLE, "acknowledged_by", "note"),
    },
    "watch.Mute": {**_each(Harmless.MACHINE, "code", "about"), **_each(_PEOPLE, "reason", "by")},
    "watch.Notice": _each(Harmless.MACHINE, "subject", "text", "short"),
    "watch.Watcher": _each(Harmless.MACHINE, "host"),
    "queues.GateState": _each(Harmless.MACHINE, "name", "reason"),
    "queues.Job": {
        **_each(Harmless.MACHINE, "actor_name", "queue_name", "args", "kwargs", "options", "tags", "release_reason"),
        **_each(Harmless.KEY, "lock_key", "share_key", "fair_key", "unique_key", "rate_limit", "gate"),
        **_each(Harmless.MACHINE, "error_class", "error_message"),
    },
    "queues.Lock": _each(Harmless.KEY, "key"),
    **{
        f"queues.{name}": _each(Harmless.MACHINE, "queue_name", "actor_name", "about")
        for name in ("MetricDay", "MetricDelta", "MetricHour", "MetricMinute")
    },
    "queues.MetricFold": _each(Harmless.MACHINE, "counted", "running", "reading", "reading_running"),
    "queues.MetricsSnapshot": _each(Harmless.MACHINE, "queue_name"),
    "queues.Pause": {"name": Harmless.MACHINE, **_each(_PEOPLE, "by", "reason")},
    "queues.Profile": {"actor_name": Harmless.MACHINE, "by": _PEOPLE},
    "queues.ProfiledRun": _each(Harmless.MACHINE, "host", "stacks"),
    "queues.RateLimit": _each(Harmless.KEY, "name"),
    "queues.RunCost": _each(Harmless.MACHINE, "actor_name", "queue_name"),
    "queues.Schedule": _each(Harmless.MACHINE, "name", "cron", "timezone", "actor_name", "kwargs"),
    "queues.SlowRun": _each(Harmless.MACHINE, "actor_name", "queue_name", "error_class", "statements", "calls"),
    "queues.StackRequest": {"by": _PEOPLE, "threads": Harmless.MACHINE},
    "queues.Supervisor": _each(Harmless.MACHINE, "host", "pid_space", "environment", "code_version", "pools", "state"),
    "queues.UniqueKey": _each(Harmless.KEY, "key"),
    "queues.Worker": _each(Harmless.MACHINE, "pool", "host", "code_version"),
    "sessions.Session": _each(Harmless.KEY, "session_key", "session_data"),
    "webhooks.EarlierCall": {
        "call_id": Personal(Holds.TRACE, "stays: such a call of long ago must not be taken for a lost one")
    },
    "webhooks.RefusedWebhook": _each(Harmless.MACHINE, "address_prefix"),
    "webhooks.RetellReading": _each(Harmless.KEY, "fingerprint"),
    "webhooks.WebhookAddress": {"public_id": Harmless.KEY, "account": Harmless.SETTING},
    "webhooks.WebhookEvent": {
        **_each(Personal(Holds.RAW, Kept.BODIES), "body", "headers", "query"),
        **_each(Personal(Holds.TRACE, Kept.EVENTS), "event_key", "subject"),
        **_each(Harmless.CODE, "event_type", "content_type"),
        "reason": Harmless.MACHINE,
        **_each(Harmless.KEY, "body_sha256", "verified_by"),
    },
    "webhooks.WebhookSecret": _each(Harmless.SECRET, "secret", "fingerprint"),
}


def may_hold_text(field: "models.Field[object, object]") -> bool:
    """Whether words can stand in it: a text, bytes, JSON or a list of texts, unless its values are fixed."""
    is_text = isinstance(
        field, models.CharField | models.TextField | models.JSONField | models.BinaryField | ArrayField
    )
    return is_text and not field.choices


def personal(model: type[models.Model]) -> Iterator[tuple[str, Personal]]:
    """The fields of a model that may hold something of a person, and what."""
    for name, meaning in FIELDS.get(model._meta.label, {}).items():
        if isinstance(meaning, Personal):
            yield name, meaning


def default_days() -> dict[str, int | None]:
    """This installation's days for each class; None: for ever. Raises `ValueError` for what cannot be meant."""
    days = {}
    for kind, written in settings.RETENTION_DAYS.items():
        if kind not in Kept.values:
            raise ValueError(f"RETENTION_DAYS names {kind}, which is none of {', '.join(Kept.values)}.")
        days[kind] = _days(kind, str(written).strip())
    return days


def _days(kind: str, written: str) -> int | None:
    if written == "never":
        return None
    if not (written.isascii() and written.isdigit() and 0 < int(written) < 100_000):
        raise ValueError(f"RETENTION_DAYS gives {kind} neither a number of days from 1 on nor never.")
    return int(written)
