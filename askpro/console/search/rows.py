"""Rows by id, number, address or key: what is known of them exactly."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django.contrib import admin
from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.http import HttpRequest

from askpro.console import display
from askpro.console.masking import is_blind
from askpro.console.model_admin import ConsoleModelAdmin
from askpro.console.scope import may_see
from askpro.console.search.hit import Hit
from askpro.console.term import Term
from askpro.privacy import reads
from askpro.queues.models import Job

# In the order in which people look for them.
ICONS: Final = {
    "calls.Customer": "person",
    "calls.PhoneNumber": "dialpad",
    "calls.Call": "call",
    "appointments.Appointment": "event",
    "appointments.FollowUp": "phone_callback",
    "notifications.Notification": "sms",
    "webhooks.WebhookEvent": "webhook",
    "queues.Job": "settings",
    "calls.Company": "storefront",
}
MOST_OF_EACH: Final = 5
# Ids and keys have a digit or a sign that no name has, or are longer than names are.
_KEY: Final = re.compile(r"\S*[\d_:@#]\S*|\S{18,}")


def is_key(term: Term) -> bool:
    """Whether it may be the id, number, address or key of something."""
    return term.is_number or _KEY.fullmatch(term.text) is not None


def hits(request: HttpRequest, term: Term) -> list[Hit]:
    """The newest rows of each table that this is the id, number, address or key of."""
    if not is_key(term):
        return []
    # Whoever never sees who people are must not find out by asking, either.
    hides = is_blind(request.user) and (term.is_number or term.is_email)
    admins = {model._meta.label: each for model, each in admin.site._registry.items()}
    asked: dict[str, ConsoleModelAdmin] = {}
    for label in ICONS:
        model_admin = admins.get(label)
        if not isinstance(model_admin, ConsoleModelAdmin) or (hides and reads.holds_people(model_admin.model)):
            continue
        if may_see(request.user, model_admin.model):
            asked[label] = model_admin
    found = _found({label: _newest(each.rows_for_search(request.user, term), term) for label, each in asked.items()})
    return [hit for label, keys in found.items() for hit in _rows(asked[label], request, keys)]


def _found(asked: Mapping[str, QuerySet[Any]]) -> dict[str, list[str]]:
    """The keys of the newest rows of each table that has any, by one statement for all of them."""
    keys = [
        rows.annotate(found_in=Value(label), key=Cast("pk", TextField())).values_list("found_in", "key")[:MOST_OF_EACH]
        for label, rows in asked.items()
    ]
    found: dict[str, list[str]] = {label: [] for label in asked}
    for label, key in keys[0].union(*keys[1:], all=True) if keys else ():
        found[label].append(key)
    return {label: each for label, each in found.items() if each}


def _newest(rows: QuerySet[Any], term: Term) -> QuerySet[Any]:
    """Few rows are sorted by an expression: by the key itself, PostgreSQL might walk the whole table to find them."""
    may_be_many = term.phone_starts and not term.phones
    return rows if may_be_many or rows.model is Job else rows.order_by((F("pk") + 0).desc())


def _rows(model_admin: ConsoleModelAdmin, request: HttpRequest, keys: list[str]) -> list[Hit]:
    rows = model_admin.light_rows(request.user).filter(pk__in=keys)
    kind = str(model_admin.opts.verbose_name).capitalize()
    return [
        Hit(model_admin.named(row), kind, display.address(row), ICONS[model_admin.model._meta.label]) for row in rows
    ]
