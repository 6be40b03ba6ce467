"""Names: of customers, with what they wait for, and of companies, branches, staff and services."""

from collections.abc import Iterable
from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from askpro.console import display
from askpro.console.masking import is_blind
from askpro.console.model_admin import ConsoleModelAdmin
from askpro.console.scope import Scope, may_see
from askpro.console.search.hit import Hit
from askpro.console.search.rows import ICONS, MOST_OF_EACH, is_key
from askpro.console.term import Term
from calls.models import Customer, NamePart
from calls.text import name_parts

KINDS: Final = (("company", "storefront"), ("branch", "home_pin"), ("staff", "badge"), ("service", "content_cut"))
# What belongs to the customers that were found, the newest first.
THEIRS: Final = ("appointments.FollowUp", "appointments.Appointment", "calls.Call")
# Of the parts of names of companies and what they have, so many are looked at.
MOST_PARTS: Final = 200


def hits(request: HttpRequest, term: Term) -> list[Hit]:
    """Rows whose names have a word for each that was typed, which it begins."""
    words = name_parts(term.text)
    if not words or term.is_number or term.is_email:
        return []
    # Rows that are found by their keys are found by their customers' names as well.
    people = [] if is_key(term) else _customers(request, term)
    return [*people, *_offers(request, words)]


def _customers(request: HttpRequest, term: Term) -> list[Hit]:
    if not may_see(request.user, Customer) or is_blind(request.user):
        return []
    ids = NamePart.customers_begun(term.text, term.companies, MOST_OF_EACH)
    rows = Customer.objects.filter(pk__in=ids, merged_into=None).select_related("company").order_by("-pk")
    found = list(rows.defer("company__calcom_api_key"))
    own = [
        Hit(display.title(row), _told(request, row, row.company.name), display.address(row), "person") for row in found
    ]
    return own + [hit for label in THEIRS for hit in _theirs(request, label, [row.pk for row in found])]


def _theirs(request: HttpRequest, label: str, customers: list[int]) -> list[Hit]:
    model = apps.get_model(label)
    model_admin = admin.site._registry.get(model)
    if not customers or not isinstance(model_admin, ConsoleModelAdmin) or not may_see(request.user, model):
        return []
    rows: QuerySet[Any] = model_admin.light_rows(request.user).filter(customer_id__in=customers)
    kind = str(model._meta.verbose_name).capitalize()
    return [Hit(model_admin.named(row), kind, display.address(row), ICONS[label]) for row in rows[:MOST_OF_EACH]]


def _offers(request: HttpRequest, words: tuple[str, ...]) -> list[Hit]:
    """Companies, branches, staff and services: few rows, found by one query."""
    longest = max(words, key=len)
    parts = NamePart.objects.filter(part__startswith=longest, customer=None)
    related = ("company", "branch", "branch__company", "staff", "service")
    companies = Scope.of(request.user).companies
    parts = parts if companies is None else parts.filter(company__in=companies)
    keys = [f"{path}__calcom_api_key" for path in related if path.endswith("company")]
    looked = parts.select_related(*related).defer(*keys).order_by("part", "pk")[:MOST_PARTS]
    named = {(icon, row.pk): (row, icon, part.company.name) for part in looked for row, icon in [_row(part)]}
    meant = [each for each in named.values() if _has(each[0].name, words) and may_see(request.user, type(each[0]))]
    return [
        Hit(row.name, _told(request, row, "" if icon == "storefront" else company), display.address(row), icon)
        for row, icon, company in meant[: MOST_OF_EACH * 2]
    ]


def _row(part: NamePart) -> tuple[Any, str]:
    for field, icon in KINDS[1:]:
        if getattr(part, f"{field}_id") is not None:
            return getattr(part, field), icon
    return part.company, KINDS[0][1]


def _has(name: str, words: Iterable[str]) -> bool:
    parts = name_parts(name)
    return all(any(part.startswith(word) for part in parts) for word in words)


def _told(request: HttpRequest, row: Model, company: str) -> str:
    """What it is, and whose, unless there is one company only."""
    kind = str(row._meta.verbose_name).capitalize()
    return kind if not company or Scope.of(request.user).is_single else f"{kind} · {company}"
