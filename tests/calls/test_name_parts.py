"""A name is found by the beginning of each of its words, however it is spelled, and its words end with it."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from hypothesis import given
from hypothesis import strategies as st

from calls.models import Branch, Customer, NamePart
from calls.text import name_parts
from tests.appointments import salon

ALIKE = [
    ("Dr. Größler", "Groessler", "GROSSLER", "größler", "Gro\u0308ßler", "Herr Dr. med. Grössler"),
    ("Yılmaz", "Yilmaz", "YILMAZ", "yılmaz"),
    ("Müller-Lüdenscheidt", "Mueller Luedenscheidt", "muller  ludenscheidt"),
    ("O'Neill", "O’Neill", "ONeill"),
    ("Sørensen", "Sorensen", "Soerensen"),
    ("Łukasz", "Lukasz"),
    ("José", "Jose"),
]


@pytest.mark.parametrize("names", ALIKE, ids=lambda names: names[0])
def test_spellings_of_one_name_are_one(names: tuple[str, ...]) -> None:
    assert len({name_parts(name) for name in names}) == 1


def test_titles_are_no_names() -> None:
    assert name_parts("Ing") == ("ing",), "Ingrid is about to be typed"
    assert name_parts("Frau Dr. Anna Drescher") == ("anna", "drescher")


@given(st.text("aeoubdrßäöüéıſ LM'-", max_size=12), st.integers(0, 12))
def test_the_beginning_of_a_word_begins_its_spelling(word: str, length: int) -> None:
    whole, begun = (
        name_parts(word.replace(" ", "").replace("-", "")),
        name_parts(word[:length].strip().replace("-", "")),
    )
    if len(begun) == 1 and word.replace(" ", "").replace("-", "").startswith(word[:length]):
        assert not whole or whole[0].startswith(begun[0])


def parts(**of: Any) -> set[str]:
    return set(NamePart.objects.filter(**of).values_list("part", flat=True))


@pytest.fixture
def branch(db: None) -> Branch:
    return salon.branch(salon.company("salon-größler"))


def test_they_are_written_with_the_name_and_deleted_with_the_row(branch: Branch) -> None:
    who = Customer.objects.create(company=branch.company, name="Dr. Eva Grün")
    assert parts(customer=who) == {"eva", "grun"}
    who.name = "Eva Blau"
    who.save(update_fields=["email"])
    assert parts(customer=who) == {"eva", "grun"}
    who.save(update_fields=["name"])
    assert parts(customer=who) == {"eva", "blau"}
    who = Customer.objects.get(pk=who.pk)
    who.name = ""
    who.save()
    assert parts(customer=who) == set()


def test_saving_another_field_asks_nothing_more(branch: Branch, django_assert_num_queries: Any) -> None:
    Customer.objects.create(company=branch.company, name="Eva Grün")
    who = Customer.objects.get()
    with django_assert_num_queries(1):
        who.save()
    who = Customer.objects.defer("name").get()
    with django_assert_num_queries(1):
        who.save()


def test_companies_branches_services_and_staff_have_them_too(branch: Branch) -> None:
    cut = salon.service(branch.company, 1, name="Färben & Föhnen")
    kathe = salon.staff(branch, 2, name="Käthe Grün")
    own = {"customer": None, "branch": None, "staff": None, "service": None}

    assert parts(company=branch.company, **own) == {"salon", "grossler"}
    assert parts(service=cut) == {"farben", "fohnen"}
    assert parts(staff=kathe) == {"kathe", "grun"}
    assert parts(branch=branch)


@pytest.mark.parametrize("typed", ["Eva", "grün", "Gruen e", "ev gru", "Dr. Eva"])
def test_each_typed_word_begins_a_word_of_the_name(branch: Branch, typed: str) -> None:
    eva = Customer.objects.create(company=branch.company, name="Prof. Eva Grün")
    Customer.objects.create(company=branch.company, name="Evander Groß")

    assert eva in Customer.objects.filter(NamePart.begun("customer", typed))
    assert not Customer.objects.filter(NamePart.begun("customer", f"{typed} Otto")).exists()


def test_no_word_means_nobody(branch: Branch) -> None:
    Customer.objects.create(company=branch.company, name="Eva Grün")

    assert not Customer.objects.filter(NamePart.begun("customer", "Dr. -")).exists()


def test_another_companys_names_are_out_of_reach(branch: Branch) -> None:
    Customer.objects.create(company=branch.company, name="Eva Grün")

    assert not Customer.objects.filter(NamePart.begun("customer", "Eva", frozenset({0}))).exists()


def test_the_names_that_are_there_get_theirs_once(branch: Branch) -> None:
    salon.service(branch.company, 1)
    salon.staff(branch, 2)
    Customer.objects.create(company=branch.company, name="Eva Grün")
    Customer.objects.create(company=branch.company)
    before = sorted(NamePart.objects.values_list("part", "company", "customer", "branch", "staff", "service"), key=str)
    NamePart.objects.filter(part__in=["eva", "grun"]).delete()
    fill = import_module("calls.migrations.0030_fill_name_parts").fill

    for _ in range(2):
        fill(apps, None)
        assert (
            sorted(NamePart.objects.values_list("part", "company", "customer", "branch", "staff", "service"), key=str)
            == before
        )
    NamePart.objects.all().delete()
    fill(apps, None)
    assert NamePart.objects.count() == len(before)
