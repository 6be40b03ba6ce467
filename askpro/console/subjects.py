"""Which jobs and which rows belong together, by the tags of the jobs."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import Model, Prefetch, QuerySet

from askpro.queues.models import Attempt, Job

# The word in a tag, as in "call:17", and the model it names.
MODELS = {
    "call": "calls.Call",
    "request": "calls.BookingRequest",
    "company": "calls.Company",
    "customer": "calls.Customer",
    "appointment": "appointments.Appointment",
    "follow_up": "appointments.FollowUp",
    "freed_time": "appointments.FreedTime",
    "event": "webhooks.WebhookEvent",
    "notification": "notifications.Notification",
}
MOST_JOBS = 200


def tag_of(row: Model) -> str:
    """The tag that jobs about this row carry."""
    label = row._meta.label
    return next(f"{word}:{row.pk}" for word, model in MODELS.items() if model == label)


def jobs_about(rows: Iterable[Model]) -> QuerySet[Job]:
    """The newest jobs that name any of these rows, with their attempts but without the long traces."""
    attempts = Prefetch("attempts", Attempt.objects.defer("trace").order_by("claim_no"))
    # The index leaves out jobs without tags, and PostgreSQL only takes it for a query that says so too.
    tagged = Job.objects.exclude(tags=[]).filter(tags__overlap=[tag_of(row) for row in rows])
    # By the moment of sending, which has no index: with the ids' order PostgreSQL would walk the whole primary key.
    return tagged.prefetch_related(attempts).order_by("-created_at", "-id")[:MOST_JOBS]


def named_by(job: Job) -> list[tuple[str, Any]]:
    """Each tag of a job with the row it names; None when the row is gone or the tag names none."""
    return [(tag, named(tag)) for tag in job.tags]


def named(tag: str) -> Any:
    """The row that a tag names; None when it is gone or the tag names none."""
    word, _, key = tag.partition(":")
    if word not in MODELS or not (key.isascii() and key.isdigit() and len(key) < 19):
        return None
    model = apps.get_model(MODELS[word])
    return model._default_manager.filter(pk=int(key)).defer(*_heavy(model)).first()


def _heavy(model: type[Model]) -> list[str]:
    heavy = {"body", "transcript", "analysis", "variables", "calcom_api_key", "text"}
    return [field.name for field in model._meta.concrete_fields if field.name in heavy]
