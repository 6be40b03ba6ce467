"""Two salons whose rows refer to each other wherever possible: by loose keys, and by all possible foreign keys."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission, User
from django.db import models
from django.utils import timezone

from appointments.models import Appointment, FollowUp, FreedTime, Offer, WaitingEntry
from askpro.api.models import ApiToken
from askpro.console.models import Access, Deed
from askpro.console.scope import path_of
from askpro.privacy.models import Read, RetentionRule, RetentionRun
from askpro.queues.models import Job
from calls.models import ClosedDay, Company, Customer, CustomerMerge
from notifications.models import MessageTemplate, Notification
from tests.console.world import World
from webhooks.models import WebhookAddress, WebhookEvent

# Part of every text of the other salon, and of no other text.
CANARY = "ZEISIG"
KEPT = {"slug", "timezone", "country", "opening_hours", "token_sha256", "hint", "headers", "account"}
# Codes that the page shows as sentences.
KEPT |= {"sync_error", "detail", "reason", "ending"}
CLOSED = date(2026, 12, 24)
# JSON without a shape of ours.
SHAPELESS = {"variables", "analysis", "problems", "synonyms"}


def bound(*companies: Company, operator: bool = False, permissions: Any = None) -> User:
    """A staff log-in, by default with all permissions."""
    user = User.objects.create_user(f"bound-{User.objects.count()}", is_staff=True)
    user.user_permissions.set(Permission.objects.all() if permissions is None else permissions)
    Access.objects.create(user=user, is_operator=operator).companies.set(companies)
    return user


def tenant_models() -> list[type[models.Model]]:
    """Every model whose rows belong to companies."""
    return [model for model in admin.site._registry if path_of(model)]


def rows_of(company: Company, model: type[models.Model]) -> models.QuerySet[Any]:
    return model._default_manager.filter(**{path_of(model): company.pk}).order_by("pk")


def make_strangers(world: World) -> tuple[Company, Company]:
    """Our rows and theirs. Theirs contain the canary in every text, and refer to our rows."""
    ours, theirs = world.companies
    for company in (ours, theirs):
        ApiToken.objects.create(
            company=company, name="Booking page", token_sha256=f"{company.pk:064}", hint="askpro_abcd"
        )
        ClosedDay.objects.create(company=company, first_day=CLOSED, last_day=CLOSED, reason="Inventur")
        MessageTemplate.objects.create(company=company, kind="confirmation", channel="sms", text="Bis {when}!")
        _offer_freed_time(company)
        RetentionRule.objects.create(company=company, kind="calls", days=200)
        RetentionRun.objects.create(company=company, kind="calls", by="ops@host", ended_at=timezone.now())
        kept, lost = (Customer.objects.create(company=company, name=name) for name in ("Erste", "Zweite"))
        CustomerMerge.objects.create(company=company, kept=kept, lost=lost, note="Dieselbe")
        WebhookAddress.objects.create(company=company, provider="calcom").add_secret(f"secret of {company.slug}")
        name = CANARY if company == theirs else "Erste"
        about = {"act": "changed", "object_id": str(kept.pk), "name": name, "reason": name}
        Deed.objects.create(company=company, user=bound(company), who=name, **about)
    WebhookEvent.objects.filter(company=None).update(company=theirs)
    for model in tenant_models():
        # Nobody changes what is on record.
        if model is not Deed:
            _brand(rows_of(theirs, model))
    _point_at(ours, theirs)
    return ours, theirs


def _offer_freed_time(company: Company) -> None:
    """A customer on the waiting list, to whom the time of a cancelled appointment was offered."""
    left = company.appointments.exclude(service=None).earliest("pk")
    customer = company.customers.earliest("pk")
    entry = WaitingEntry.objects.create(
        company=company, customer=customer, service=left.service, first_day=CLOSED, last_day=CLOSED
    )
    freed = FreedTime.objects.create(
        company=company,
        appointment=left,
        branch=left.branch,
        service=left.service,
        staff=left.staff,
        starts_at=left.starts_at,
        ends_at=left.ends_at,
    )
    Offer.objects.create(
        company=company, freed_time=freed, customer=customer, waiting_entry=entry, ends_at=left.starts_at
    )


def snapshot() -> dict[str, list[Any]]:
    """All rows that a page could change."""
    # What was looked at is noted, whoever looked.
    pages = [model for model in admin.site._registry if model is not Read]
    watched = [*pages, Access, Access.companies.through, Access.gives.through, User.groups.through]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in watched}


def _brand(rows: models.QuerySet[Any]) -> None:
    texts = [
        field
        for field in rows.model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField | models.JSONField)
        and not field.choices
        and field.name not in KEPT
        and (not isinstance(field, models.JSONField) or field.name in SHAPELESS)
    ]
    for row in rows:
        for field in texts:
            setattr(row, field.name, _branded(field, row))
    rows.model._default_manager.bulk_update(rows, [field.name for field in texts]) if texts else None
    if hasattr(rows.model, "body"):
        rows.update(body=f'{{"name": "{CANARY}"}}'.encode())


def _branded(field: "models.Field[Any, Any]", row: models.Model) -> Any:
    if isinstance(field, models.JSONField):
        return [CANARY] if isinstance(getattr(row, field.name), list) else {"name": CANARY}
    text = f"{CANARY}{row.pk}"
    return f"{text}@example.org" if isinstance(field, models.EmailField) else text[: field.max_length or 100]


def _point_at(ours: Company, theirs: Company) -> None:
    call = ours.calls.filter(appointments__isnull=False).earliest("pk")
    event = WebhookEvent.objects.filter(company=ours).earliest("pk")
    message = Notification.objects.filter(company=ours).exclude(provider_id=None).earliest("pk")
    first, second, *_ = WebhookEvent.objects.filter(company=theirs).order_by("pk")
    WebhookEvent.objects.filter(pk=first.pk).update(subject=call.retell_call_id, conflict_of=event)
    WebhookEvent.objects.filter(pk=second.pk).update(subject=message.provider_id)
    WebhookEvent.objects.filter(pk=event.pk).update(conflict_of=second)
    Appointment.objects.filter(company=theirs).update(call=call, customer=call.customer)
    FollowUp.objects.filter(company=theirs).update(call=call, booking_request=None)
    Offer.objects.filter(company=theirs).update(
        freed_time=FreedTime.objects.get(company=ours),
        waiting_entry=WaitingEntry.objects.get(company=ours),
        follow_up=FollowUp.objects.filter(company=ours).earliest("pk"),
        state="expired",
    )
    Notification.objects.filter(company=theirs).update(call=call, customer=call.customer)
    job = Job.objects.filter(status="dead").earliest("pk")
    Job.objects.filter(pk=job.pk).update(tags=[f"call:{call.pk}", f"event:{event.pk}"], error_message=CANARY)
    operator = bound(operator=True)
    for row in (job, event):
        LogEntry.objects.log_actions(operator.pk, [row], CHANGE, change_message=f"Replayed for {CANARY}.")
