"""Erasures as a list apart from the database: who came back with a restored backup is erased again."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from askpro.privacy.models import Erasure, Pepper, Wanted, hashed
from askpro.privacy.person import Sought, wanted
from calls.models import Company, Customer

Entry = dict[str, Any]


class NotAList(ValueError):
    """The file is no list of erasures."""


def listed() -> list[Entry]:
    """Every erasure that was carried out: where, and whom by ids and peppered hashes.

    The pepper is made if there is none, so that a backup made after this has it and knows whom later lists name.
    """
    Pepper.taken()
    done = Erasure.objects.exclude(erased_at=None).select_related("company").order_by("pk")
    return [
        {"company": row.company.slug if row.company else None, "customers": row.customers, "marks": row.marks}
        for row in done
    ]


def returned(entries: Any) -> Iterator[tuple[Company | None, Wanted]]:
    """Those of the list who are there again. Raises `NotAList`.

    A customer is known by a number or address; one that never had any, by the id.
    """
    for entry in _checked(entries):
        slug = entry["company"]
        company = Company.objects.filter(slug=slug).first() if slug is not None else None
        if slug is not None and company is None:
            continue
        companies = None if company is None else frozenset({company.pk})
        marks, ids = {*entry["marks"]}, {*entry["customers"]}
        known = [customer for customer in _customers(company) if _is(customer, marks, ids)]
        if known:
            yield company, wanted(Sought(customer=known[0].pk, companies=companies), known)


def _is(customer: Customer, marks: set[str], ids: set[int]) -> bool:
    said = {customer.phone, customer.contact_phone, (customer.email or "").casefold()} - {None, ""}
    return bool(marks & {hashed(str(value)) for value in said}) or (not said and customer.pk in ids)


def _customers(company: Company | None) -> QuerySet[Customer]:
    rows = Customer.objects.filter(erased_at=None)
    return rows if company is None else rows.filter(company=company)


def _checked(entries: Any) -> list[Entry]:
    if not isinstance(entries, list):
        raise NotAList(NotAList.__doc__)
    for entry in entries:
        lists = isinstance(entry, dict) and all(isinstance(entry.get(name), list) for name in ("customers", "marks"))
        if not lists or not isinstance(entry.get("company"), str | None):
            raise NotAList(NotAList.__doc__)
    return entries
