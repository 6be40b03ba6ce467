"""What masks leave of a name, a number, an address, a text and a row."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.console import display, masking
from calls.models import Branch, Call, Company, Customer, PhoneNumber


@pytest.mark.parametrize(
    ("plain", "masked"),
    [
        ("Erika Groß", "E••• G•••"),
        ("  Özlem   Yıldız ", "Ö••• Y•••"),
        ("Maria von der Ahe-Müller", "M••• v••• d•••"),
        ("12 Monkeys", "••• M•••"),
        ("", ""),
    ],
)
def test_a_name_keeps_its_first_letters(plain: str, masked: str) -> None:
    with masking.looking(True):
        assert masking.name(plain) == masked


@pytest.mark.parametrize(
    ("plain", "masked"),
    [
        ("+493023125050", "+49 30 ••• 050"),
        ("+4915550001234", "+49 15550 ••• 234"),
        ("+41446681800", "+41 44 ••• 800"),
        ("030 nonsense", "•••"),
        ("", ""),
    ],
)
def test_a_number_keeps_country_area_and_end(plain: str, masked: str) -> None:
    with masking.looking(True):
        assert masking.phone(plain) == masked


def test_an_address_keeps_its_first_letter() -> None:
    with masking.looking(True):
        assert masking.email("erika@gross.example") == "e•••@•••"


@given(st.text(max_size=60))
def test_what_is_masked_stays_as_it_is_when_it_is_masked_again(text: str) -> None:
    with masking.looking(True):
        for mask in (masking.name, masking.phone, masking.email, masking.words):
            assert mask(mask(text)) == mask(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_keeps_its_shape_and_none_of_its_texts(value: Any) -> None:
    with masking.looking(True):
        hidden = masking.anything(value)

    def leaves(each: Any) -> list[Any]:
        if isinstance(each, dict):
            return [leaf for inner in each.values() for leaf in leaves(inner)]
        return [leaf for inner in each for leaf in leaves(inner)] if isinstance(each, list) else [each]

    assert len(leaves(hidden)) == len(leaves(value))
    assert {leaf for leaf in leaves(hidden) if isinstance(leaf, str)} <= {"", "•••"}


def test_outside_of_a_page_nothing_is_masked() -> None:
    assert masking.name("Erika Groß") == "Erika Groß"
    assert display.text("Guten Tag") == "Guten Tag"


def test_a_page_knows_whether_it_has_hidden_something() -> None:
    with masking.looking(True) as look:
        masking.name("")
        assert not look.hid
        masking.name("Erika")
        assert look.hid


def make_call(**values: Any) -> Call:
    company = Company.objects.create(name="Salon", slug="salon")
    branch = Branch.objects.create(company=company, name="Mitte")
    customer = Customer.objects.create(company=company, name="Erika Groß", phone="+4915550001234")
    number = PhoneNumber.objects.create(company=company, branch=branch, number="+493023125050")
    about = {"company": company, "branch": branch, "phone_number": number, "customer": customer}
    Call.objects.create(**about, retell_call_id="call_1", **values)
    return Call.objects.select_related("customer").get()


class TestRows:
    def test_a_copy_says_nothing_of_whose_it_is(self, db: None) -> None:
        call = make_call(from_number="+4915550001234", transcript="User: Hier ist Erika.", variables={"name": "Erika"})

        with masking.looking(True):
            shown = masking.veiled(call)

        assert (str(shown.customer), shown.from_number) == ("E••• G•••", "+49 15550 ••• 234")
        assert (shown.transcript, shown.variables) == ("•••", {"name": "•••"})
        assert (call.transcript, str(call.customer)) == ("User: Hier ist Erika.", "Erika Groß")
        assert shown.retell_call_id == "call_1"

    def test_it_is_never_saved(self, db: None) -> None:
        make_call()
        with masking.looking(True):
            shown = masking.veiled(Customer.objects.get())

        with pytest.raises(TypeError, match="cannot be saved"):
            shown.save()
        assert Customer.objects.get().name == "Erika Groß"

    def test_what_was_not_loaded_is_not_loaded_for_it(self, db: None, django_assert_num_queries: Any) -> None:
        make_call(transcript="Hallo")
        row = Call.objects.defer("transcript").get()

        with masking.looking(True), django_assert_num_queries(0):
            masking.veiled(row)
