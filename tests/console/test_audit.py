"""Each act leaves a deed: who, what, why, to which row, before and after, from where. It is never changed."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.test import RequestFactory

from askpro.console import audit
from askpro.console.models import Deed
from calls.models import Company, Customer


@pytest.fixture
def asked(db: None, rf: RequestFactory) -> HttpRequest:
    request = rf.post("/admin/", REMOTE_ADDR="203.0.113.7")
    request.user = User.objects.create_user("lina")
    return request


@pytest.fixture
def customer(db: None) -> Customer:
    company = Company.objects.create(name="Salon", slug="salon")
    return Customer.objects.create(company=company, name="Erika Groß", phone="+4915550001234")


def test_it_says_who_what_why_and_from_where(asked: HttpRequest, customer: Customer) -> None:
    audit.note(asked, customer, "merge", "Dieselbe.", {"state": "open"}, {"state": "done"})

    deed = Deed.objects.get()
    assert (deed.who, deed.act, deed.reason, deed.address) == ("lina", "merge", "Dieselbe.", "203.0.113.7")
    assert (deed.object_id, deed.company_id) == (str(customer.pk), customer.company_id)
    assert (deed.before, deed.after) == ({"state": "open"}, {"state": "done"})
    assert deed.entry == LogEntry.objects.get(object_id=str(customer.pk))


def test_many_rows_are_a_deed_each(asked: HttpRequest, customer: Customer) -> None:
    other = Customer.objects.create(company=customer.company, name="Zwilling")
    audit.note(asked, [customer, other], "numbers")

    assert {(deed.object_id, deed.entry.object_id) for deed in Deed.objects.all()} == {
        (str(row.pk), str(row.pk)) for row in (customer, other)
    }


def test_what_is_about_no_row_is_one_deed(asked: HttpRequest) -> None:
    audit.note(asked, None, "pause", "Wartung", about="queue high")

    deed = Deed.objects.get()
    assert (deed.name, deed.content_type, LogEntry.objects.count()) == ("queue high", None, 0)


def test_a_state_holds_nothing_of_a_person(customer: Customer) -> None:
    told = audit.state(customer)

    assert told["company"] == customer.company_id
    assert not {"name", "phone", "contact_phone", "email", "legal_hold"} & set(told)


@pytest.mark.parametrize(
    "change", [{"who": "nobody"}, {"act": "look"}, {"object_id": "9"}, {"address": ""}, {"count": 7}]
)
def test_nobody_changes_it(asked: HttpRequest, customer: Customer, change: dict[str, object]) -> None:
    audit.note(asked, customer, "merge", "Dieselbe.")

    with pytest.raises(IntegrityError, match="not changed"), transaction.atomic():
        Deed.objects.update(**change)


def test_erasure_takes_the_name_out(asked: HttpRequest, customer: Customer) -> None:
    audit.note(asked, customer, "merge", "Frau Groß sagt, sie ist es.")
    Deed.objects.update(name="customer 1", reason="")

    assert Deed.objects.get().act == "merge"


def test_it_outlives_the_log_in(asked: HttpRequest, customer: Customer) -> None:
    audit.note(asked, customer, "merge", "Dieselbe.")
    asked.user.delete()

    assert Deed.objects.get().who == "lina"
