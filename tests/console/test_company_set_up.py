"""A company is set up by people: hours as they write them, words one a line, its first number, tried connections."""

from datetime import timedelta
from typing import Any

import pytest
import responses
from django import forms
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from calls.admin.hours import HoursField, HoursWidget
from calls.admin.words import LONGEST, MOST, WordsField
from calls.german.opening_hours import DAY_KEYS, OpeningHours, Span
from calls.models import Branch, Call, Company, PhoneNumber, Service
from tests.console.tenants import bound
from tests.console.test_set_up import company_form
from tests.console.world import World

CALCOM, TWILIO, RETELL = "https://cal.example", "https://twilio.example", "https://retell.example"
spans = st.lists(st.integers(0, 24 * 60), min_size=2, max_size=4, unique=True).map(sorted)
days = st.one_of(st.just([]), spans.map(lambda at: [Span(*pair) for pair in zip(at[::2], at[1::2], strict=False)]))


class TestHours:
    @pytest.mark.parametrize(
        ("written", "kept"),
        [
            ("", []),
            ("geschlossen", []),
            ("zu", []),
            ("–", []),
            ("9-18", [["09:00", "18:00"]]),
            ("9:30 – 13, 14–18.30 Uhr", [["09:30", "13:00"], ["14:00", "18:30"]]),
            ("9 bis 13 und 14 bis 18 Uhr", [["09:00", "13:00"], ["14:00", "18:00"]]),
            ("14-18; 9-13", [["09:00", "13:00"], ["14:00", "18:00"]]),
            ("  0:00  to 24:00 ", [["00:00", "24:00"]]),
        ],
    )
    def test_they_are_read_as_people_write_them(self, written: str, kept: list[list[str]]) -> None:
        found = HoursField(required=False).clean([written] * 7)

        assert found == (dict.fromkeys(DAY_KEYS, kept) if kept else {})

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ("immer", "cannot be read"),
            ("9", "cannot be read"),
            ("9-18 ab Mai", "cannot be read"),
            ("9:75-18", "cannot be read"),
            ("18-9", "overlap, or end"),
            ("9-14, 13-18", "overlap, or end"),
            ("25-26", "cannot be read"),
            ("9-13,", "cannot be read"),
            ("x" * 5000, "cannot be read"),
        ],
    )
    def test_what_makes_no_sense_is_refused_with_its_day(self, written: str, said: str) -> None:
        with pytest.raises(forms.ValidationError) as refused, translation.override("en"):
            HoursField().clean(["9-18", written, "", "", "", "", ""])

        (message,) = refused.value.messages
        assert said in message and message.startswith("Tuesday: ")

    @given(st.tuples(*[days] * 7))
    def test_what_is_read_back_is_what_was_written(self, week: Any) -> None:
        stored = OpeningHours(tuple(map(tuple, week))).to_json()

        lines = HoursWidget().decompress(stored)

        assert HoursField(required=False).clean(lines) == stored
        assert not HoursField().has_changed(stored, lines)

    def test_a_branch_keeps_them(self, admin_client: Client, world: World) -> None:
        branch = Branch.objects.get(company=world.companies[0])
        address = f"/admin/calls/branch/{branch.pk}/change/"
        shown = admin_client.get(address).content.decode()
        assert 'name="opening_hours_0"' in shown or 'name="opening_hours_mo"' in shown
        assert "09:00–12:30, 14:00–18:00" in shown

        form = {"company": str(branch.company_id), "name": "Mitte", "opening_hours_mo": "10–19"}
        form |= {"phone_numbers-TOTAL_FORMS": "0", "phone_numbers-INITIAL_FORMS": "0"}
        assert admin_client.post(address, form).status_code == 302

        branch.refresh_from_db()
        assert branch.opening_hours == {"mo": [["10:00", "19:00"]]}


class TestWords:
    def test_they_are_a_list_with_each_once(self) -> None:
        field = WordsField(required=False)

        assert field.clean("Schneiden\r\n\n  Waschen  und schneiden \nschneiden\n") == [
            "Schneiden",
            "Waschen und schneiden",
        ]
        assert field.clean("") == field.clean(None) == []
        assert field.prepare_value(["Schneiden", "Färben"]) == "Schneiden\nFärben"

    @pytest.mark.parametrize("text", ["a\x00b", "\x07", "x" * (LONGEST + 1), "\n".join(map(str, range(MOST + 1)))])
    def test_what_nobody_says_is_refused(self, text: str) -> None:
        with pytest.raises(forms.ValidationError):
            WordsField(required=False).clean(text)

    def test_a_service_keeps_them(self, admin_client: Client, world: World) -> None:
        service = Service.objects.filter(company=world.companies[0]).earliest("pk")
        form = {"company": service.company_id, "name": "Haarschnitt", "duration_minutes": 30, "is_active": "on"}
        form |= {"minimum_notice_minutes": 0, "synonyms": "Schneiden\nSpitzen", "field_answers": "{}"}

        answer = admin_client.post(f"/admin/calls/service/{service.pk}/change/", form)

        assert answer.status_code == 302, answer.context["adminform"].form.errors
        service.refresh_from_db()
        assert service.synonyms == ["Schneiden", "Spitzen"]


class TestMovedNumber:
    @pytest.fixture
    def number(self, world: World) -> PhoneNumber:
        """One by which calls come in."""
        Call.objects.update(started_at=timezone.now() - timedelta(days=2))
        return PhoneNumber.objects.get(company=world.companies[0])

    def save(self, client: Client, row: PhoneNumber, **changes: Any) -> Any:
        form = {"company": row.company_id, "branch": row.branch_id, "number": row.number, "is_active": "on"}
        return client.post(f"/admin/calls/phonenumber/{row.pk}/change/", {**form, **changes})

    def test_it_says_how_many_calls_go_elsewhere_before_it_is_saved(
        self, admin_client: Client, world: World, number: PhoneNumber
    ) -> None:
        other = Branch.objects.get(company=world.companies[1])
        to = {"company": other.company_id, "branch": other.pk}
        count = number.calls.count()

        shown = self.save(admin_client, number, **to).content.decode()
        assert f"In the last 30 days {count} calls came in by {number.number}." in shown
        assert f"such calls belong to {other}." in shown
        number.refresh_from_db()
        assert number.company_id != other.company_id

        assert self.save(admin_client, number, is_meant="on", **to).status_code == 302
        number.refresh_from_db()
        assert number.company_id == other.company_id

    @pytest.mark.parametrize("changes", [{"number": "+493023125999"}, {"is_active": ""}], ids=["other", "off"])
    def test_a_number_that_nobody_answers_for_is_told_as_well(
        self, admin_client: Client, number: PhoneNumber, changes: dict[str, str]
    ) -> None:
        assert "such calls belong to nobody" in self.save(admin_client, number, **changes).content.decode()

    def test_what_moves_no_call_is_saved_at_once(self, admin_client: Client, number: PhoneNumber) -> None:
        written_otherwise = number.number.replace("+49", "0")
        assert self.save(admin_client, number, retell_agent_id="agent_1", number=written_otherwise).status_code == 302
        Call.objects.update(started_at=timezone.now() - timedelta(days=31))
        assert self.save(admin_client, number, is_active="").status_code == 302


class TestNewCompany:
    def form(self, **changes: str) -> dict[str, str]:
        made = Company(name="Salon Neu", slug="salon-neu")
        line = {"branches-TOTAL_FORMS": "1", "branches-0-name": "Mitte", "branches-0-dialled": "030 23125 777"}
        return company_form(made, **line | {"branches-0-is_active": "on", "_save": "Save"} | changes)

    def test_it_is_one_form_with_its_branch_and_number_and_then_the_connections(self, admin_client: Client) -> None:
        answer = admin_client.post("/admin/calls/company/add/", self.form())

        company = Company.objects.get()
        number = PhoneNumber.objects.get()
        assert (number.number, number.company, number.branch.name) == ("+493023125777", company, "Mitte")
        assert answer.url == f"/admin/calls/company/{company.pk}/connections/"

    @pytest.mark.parametrize(("written", "said"), [("12", "its country code"), ("030 23125150", "entered already")])
    def test_a_number_that_cannot_be_is_refused(
        self, admin_client: Client, world: World, written: str, said: str
    ) -> None:
        shown = admin_client.post("/admin/calls/company/add/", self.form(**{"branches-0-dialled": written}))

        assert said in shown.content.decode()
        assert not Company.objects.filter(slug="salon-neu").exists()

    def test_who_may_enter_no_number_enters_none(self, world: World) -> None:
        may = Permission.objects.filter(codename__in=("view_company", "change_company", "add_branch", "view_branch"))
        company = world.companies[0]
        client = Client()
        client.force_login(bound(company, permissions=may))
        lines = {"branches-TOTAL_FORMS": "1", "branches-0-name": "Neu", "branches-0-dialled": "030 23125 777"}

        client.post(f"/admin/calls/company/{company.pk}/change/", company_form(company, **lines))

        assert company.branches.filter(name="Neu").exists()
        assert not PhoneNumber.objects.filter(number="+493023125777").exists()


class TestConnections:
    @pytest.fixture
    def vendors(self, settings: Any) -> Any:
        settings.CALCOM_BASE_URL, settings.TWILIO_BASE_URL, settings.RETELL_BASE_URL = CALCOM, TWILIO, RETELL
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKENS = "AC" + "0" * 32, ["secret-token"]
        settings.RETELL_API_KEYS = ["key_secret"]
        with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
            yield mock

    def press(self, client: Client, company: Company, vendor: str = "") -> dict[str, Any]:
        answer = client.post(f"/admin/calls/company/{company.pk}/connections/", {"vendor": vendor})
        assert "secret" not in answer.content.decode()
        return {vendor.name: tried for vendor, tried in answer.context["lines"]}

    def test_each_is_asked_and_says_so(self, admin_client: Client, world: World, vendors: Any) -> None:
        vendors.get(f"{CALCOM}/v2/me", json={"status": "success", "data": {"id": 7, "name": "Käthe", "username": "k"}})
        vendors.get(f"{TWILIO}/2010-04-01/Accounts/AC{'0' * 32}/Messages.json", json={"messages": []})
        vendors.post(f"{RETELL}/v3/list-calls", json={"items": [], "has_more": False, "pagination_key": ""})

        tried = self.press(admin_client, world.companies[0])

        assert {name: each.is_well for name, each in tried.items()} == dict.fromkeys(
            ("calcom", "retell", "twilio", "mail"), True
        )
        assert "Käthe" in tried["calcom"].said

    def test_a_refused_key_says_where_it_is_entered(self, admin_client: Client, world: World, vendors: Any) -> None:
        refusal = {"code": 20003, "status": 401, "message": "Authenticate"}
        vendors.get(f"{TWILIO}/2010-04-01/Accounts/AC{'0' * 32}/Messages.json", status=401, json=refusal)

        tried = self.press(admin_client, world.companies[0], "twilio")

        assert not tried["twilio"].is_well and "TWILIO_ACCOUNT_SID" in tried["twilio"].todo
        assert tried["calcom"] is tried["mail"] is None

    def test_a_vendor_that_is_away_says_so(self, admin_client: Client, world: World, vendors: Any) -> None:
        vendors.get(f"{CALCOM}/v2/me", status=503)

        tried = self.press(admin_client, world.companies[0], "calcom")["calcom"]

        assert (tried.is_well, tried.said) == (False, "It does not answer.")

    def test_nothing_is_asked_before_somebody_presses(self, admin_client: Client, world: World, vendors: Any) -> None:
        shown = admin_client.get(f"/admin/calls/company/{world.companies[0].pk}/connections/")

        assert shown.status_code == 200 and len(vendors.calls) == 0

    def test_it_is_for_those_who_may_change_the_company(self, world: World, vendors: Any) -> None:
        ours, theirs = world.companies
        looks, changes = (Client() for _ in range(2))
        looks.force_login(bound(ours, permissions=Permission.objects.filter(codename="view_company")))
        changes.force_login(bound(ours))

        for method in ("get", "post"):
            assert getattr(looks, method)(f"/admin/calls/company/{ours.pk}/connections/").status_code == 403
            assert getattr(changes, method)(f"/admin/calls/company/{theirs.pk}/connections/").status_code in (302, 403)
        assert changes.get(f"/admin/calls/company/{ours.pk}/connections/").status_code == 200
        assert len(vendors.calls) == 0
