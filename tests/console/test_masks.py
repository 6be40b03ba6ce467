"""Who may not see people sees none: on every page, in every file and answer of the console, found by walking them."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import models, transaction
from django.test import Client
from django.utils import timezone

from appointments.models import Appointment, FollowUp, WaitingEntry
from askpro.console.masking import HIDDEN, holds_people
from askpro.console.models import Access, Deed
from askpro.console.roles import ADMINISTRATOR, OPERATOR, SUPPORT, VIEWER
from askpro.privacy.classes import personal
from askpro.privacy.models import Read
from calls.models import Call, Customer
from notifications.models import MessageTemplate, Notification
from tests.console import copied
from tests.console.factories import make_world
from tests.console.people import CANARY, People, brand_people
from tests.console.tenants import make_strangers
from tests.console.test_export import PAGES as EXPORTS
from tests.console.test_export import days, text_of
from tests.console.test_matrix import FORM
from tests.console.test_scope import FOR_ALL, addresses, filled

CALL = "/admin/calls/call/{}/change/"
REASON = {"reason": "Rückfrage der Kundin"}
# A form that is not filled, and one that does what is asked.
SENT = ({"confirmed": "yes", "note": " ", "said": "1"}, {**FORM, "pick": "called", "rate": "20", "said": "1"})


@pytest.fixture(autouse=True)
def _reveal_first(settings: Any) -> None:
    settings.REVEAL_FIRST = True


@pytest.fixture
def people(db: None) -> People:
    return copied.made_by(make_people)


def make_people() -> People:
    make_strangers(make_world())
    # No form makes one.
    MessageTemplate.objects.filter(channel="sms").update(subject="")
    return brand_people()


def client_of(group: str) -> Client:
    user = User.objects.create_user(group.lower(), is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    Access.objects.create(user=user, is_operator=True)
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def pages() -> Iterator[str]:
    """Every address of the console, with rows where it takes one, and with what people type."""
    for route, _name, model in addresses():
        keys: list[object] = ["call"]
        if "object_id" in route and model is not None:
            keys = list(model._default_manager.order_by("-pk").values_list("pk", flat=True)[:2])
        if "(?P<" not in route and "logout" not in route:
            yield from (filled(route, key) for key in keys)
    for model in admin.site._registry:
        listed = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        yield f"{listed}?{urlencode({'q': CANARY})}"
    yield f"/admin/search/?{urlencode({'s': CANARY})}"
    yield f"/admin/search/?{urlencode({'s': Customer.objects.exclude(phone=None)[0].phone})}"
    for field in ("customer", "follow_up"):
        asked = {"app_label": "appointments", "model_name": "waitingentry", "field_name": field, "term": ""}
        yield f"/admin/autocomplete/?{urlencode(asked)}"


def whole(answer: Any) -> str:
    return text_of(answer) if answer.streaming else answer.content.decode("utf-8", "replace")


@pytest.mark.parametrize("group", [VIEWER, ADMINISTRATOR])
def test_no_page_tells_who_people_are(people: People, group: str) -> None:
    client, told, opened = client_of(group), {}, 0
    for page in pages():
        answer = client.get(page)
        assert answer.status_code < 500, page
        opened += answer.status_code == 200
        # What was typed is shown again.
        if "q=" not in page and "s=" not in page and (found := people.found_in(whole(answer))):
            told[page] = found

    assert told == {}
    assert opened > 100


def test_whatever_is_sent_nothing_that_is_answered_tells_who_people_are(people: People, settings: Any) -> None:
    """Forms that are shown again, what is said after an act, and where it leads; each from the same rows."""
    for vendor in ("CALCOM", "RETELL", "TWILIO"):
        setattr(settings, f"{vendor}_BASE_URL", "http://127.0.0.1:9")
    client, told, acted = client_of(ADMINISTRATOR), {}, 0
    for page, said in product(sendable(), SENT):
        block = transaction.atomic()
        # As a test case's own: outside calls are allowed in it.
        block._from_testcase = True  # type: ignore[attr-defined]
        with block:
            answer = client.post(page, said)
            assert answer.status_code < 500, page
            acted += answer.status_code == 302
            cookies = "".join(each.value for each in client.cookies.values())
            if found := people.found_in("\n".join((whole(answer), answer.get("Location", ""), cookies))):
                told[page, tuple(said)] = found
            client.cookies.pop("messages", None)
            transaction.set_rollback(True)

    assert told == {}
    assert acted > 20


def sendable() -> Iterator[str]:
    """The addresses of single rows and of acts that take a form. The page itself says where it takes none."""
    for route, name, model in addresses():
        if "(?P<" in route or name in FOR_ALL or not name or name.endswith(("_history", "_changelist", "_csv")):
            continue
        keys: list[object] = ["call"]
        if "object_id" in route and model is not None:
            keys = list(model._default_manager.order_by("-pk").values_list("pk", flat=True)[:1])
        yield from (filled(route, key) for key in keys)


def test_who_is_added_for_is_not_told_again(people: People) -> None:
    entry = WaitingEntry.objects.latest("pk")
    values = {
        name: getattr(entry, name) for name in ("company_id", "customer_id", "service_id", "first_day", "last_day")
    }
    entry.delete()
    form = {name.removesuffix("_id"): str(value) for name, value in values.items()}
    client = client_of(OPERATOR)
    client.post("/admin/appointments/waitingentry/add/", form, follow=True)
    listed = client.post("/admin/appointments/waitingentry/add/", form | {"first_day": ""})

    assert WaitingEntry.objects.filter(customer=values["customer_id"]).exists()
    assert "messages" not in client.cookies or not people.found_in(client.cookies["messages"].value)
    assert not people.found_in(whole(listed))


def spellings(people: People) -> Iterator[str]:
    """What somebody would type who guesses: names and their beginnings, numbers and theirs, addresses."""
    customer = Customer.objects.exclude(name="").exclude(phone=None).latest("pk")
    number = customer.phone or ""
    yield from (customer.name, *(CANARY[:length] for length in (3, 5, 11)), CANARY.upper(), f"{CANARY} {customer.pk}")
    yield from (number, number[1:], f"00{number[1:]}", f"0{number[3:]}", number[:8], f"0{number[3:]}"[:7])
    yield from (number.replace("+49", "+49 "), f"0{number[3:6]} {number[6:]}", f"0{number[3:6]}/{number[6:]}")
    yield from (address for address in Customer.objects.exclude(email="").values_list("email", flat=True)[:1])
    yield from Notification.objects.exclude(recipient="").values_list("recipient", flat=True)[:4]
    yield from Appointment.objects.exclude(attendee_name="").values_list("attendee_name", flat=True)[:2]
    yield from Appointment.objects.exclude(attendee_email="").values_list("attendee_email", flat=True)[:1]


def test_no_search_of_a_viewer_finds_people_by_what_is_masked(people: People) -> None:
    """Nor letter by letter: a search that finds more than one for nobody would say that there is somebody."""
    client, found = client_of(VIEWER), []
    lists = [f"/admin/{m._meta.app_label}/{m._meta.model_name}/" for m in admin.site._registry if holds_people(m)]
    for typed, listed in product(spellings(people), lists):
        answer = client.get(listed, {"q": typed})
        if answer.status_code == 200 and answer.context["cl"].result_count:
            found.append((listed, typed))
    for typed in spellings(people):
        found += [("search", typed)] if client.get("/admin/search/", {"s": typed}).context["results"] else []
        for field in ("customer", "follow_up"):
            asked = {"app_label": "appointments", "model_name": "waitingentry", "field_name": field, "term": typed}
            answer = client.get("/admin/autocomplete/", asked)
            found += [(field, typed)] if answer.status_code == 200 and answer.json()["results"] else []

    assert found == []
    newest = str(Customer.objects.latest("pk").pk)
    assert client.get("/admin/calls/customer/", {"q": newest}).context["cl"].result_count == 1


def test_who_may_read_names_finds_people_by_each_of_them(people: People) -> None:
    """Shows that the searches above would have found somebody."""
    client = client_of(SUPPORT)

    for typed in (CANARY[:5], Customer.objects.exclude(phone=None).latest("pk").phone):
        assert client.get("/admin/calls/customer/", {"q": typed}).context["cl"].result_count, typed
        assert client.get("/admin/search/", {"s": typed}).context["results"], typed


def test_no_list_is_put_in_the_order_of_what_is_masked() -> None:
    wrong = []
    for model, page in admin.site._registry.items():
        hidden = {name for name, meaning in personal(model) if meaning.holds in HIDDEN}
        columns = page.list_display if page.sortable_by is None else page.sortable_by
        for column in columns:
            order = getattr(getattr(page, str(column), None), "admin_order_field", None) or str(column)
            wrong += [(model._meta.label, column)] if str(order).lstrip("-").partition("__")[0] in hidden else []

    assert wrong == []


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize("page", EXPORTS)
def test_no_file_tells_who_people_are(people: People, page: str, form: str) -> None:
    answer = client_of(OPERATOR).post(page, days(form))

    assert answer.streaming
    assert people.found_in(text_of(answer)) == set()
    assert Deed.objects.get(act="export").after["masked"] is True


def test_a_file_shows_them_to_whoever_has_revealed_it(people: People) -> None:
    client, page = client_of(OPERATOR), "/admin/calls/call/export/"
    client.post(f"/admin/board/reveal/?page={page}", REASON)

    assert CANARY in text_of(client.post(page, days("csv")))


@pytest.mark.parametrize("model", [Call, Customer], ids=["calls", "customers"])
def test_support_sees_them_at_once(people: People, model: type[models.Model]) -> None:
    """Shows that the walk above would find the canary."""
    page = f"/admin/calls/{model._meta.model_name}/{model._default_manager.order_by('-pk')[0].pk}/change/"

    assert CANARY in whole(client_of(SUPPORT).get(page))


class TestReveal:
    @pytest.mark.parametrize("group", [OPERATOR, ADMINISTRATOR])
    def test_one_row_shows_for_a_while(self, people: People, group: str, time_machine: Any) -> None:
        client, (first, second) = client_of(group), Call.objects.exclude(transcript="").order_by("-pk")[:2]
        page = CALL.format(first.pk)
        assert "Reveal" in whole(client.get(page))

        answer = client.post(f"/admin/board/reveal/?page={page}", REASON)

        assert (answer.status_code, answer["Location"]) == (302, page)
        assert people.found_in(whole(client.get(page)))
        assert not people.found_in(whole(client.get(CALL.format(second.pk))))
        time_machine.move_to(timezone.now() + timedelta(minutes=15, seconds=1))
        assert not people.found_in(whole(client.get(page)))

    def test_it_is_on_record_with_its_reason(self, people: People) -> None:
        client, call = client_of(OPERATOR), Call.objects.latest("pk")
        client.post(f"/admin/board/reveal/?page={CALL.format(call.pk)}", REASON, REMOTE_ADDR="203.0.113.9")

        deed = Deed.objects.get(act="reveal")
        assert (deed.who, deed.reason, deed.address) == ("operator", REASON["reason"], "203.0.113.9")
        assert deed.name == f"calls.call:{call.pk}"
        assert Read.objects.filter(who="operator", kind=Read.Kind.REVEAL, object_id=deed.name).exists()

    def test_it_takes_a_reason(self, people: People) -> None:
        client, page = client_of(OPERATOR), CALL.format(Call.objects.latest("pk").pk)

        assert client.post(f"/admin/board/reveal/?page={page}", {"reason": " "}).status_code == 200
        assert client.get(f"/admin/board/reveal/?page={page}").status_code == 200
        assert not people.found_in(whole(client.get(page)))
        assert not Deed.objects.filter(act="reveal").exists()

    @pytest.mark.parametrize("page", ["https://boese.example/", "//boese.example/", "/nowhere/", "", "/health/live"])
    def test_it_leads_nowhere_else(self, people: People, page: str) -> None:
        answer = client_of(OPERATOR).post(f"/admin/board/reveal/?{urlencode({'page': page})}", REASON)

        assert answer.status_code == 400

    @pytest.mark.parametrize("group", [VIEWER, SUPPORT])
    def test_who_may_not_reveal_is_refused(self, people: People, group: str) -> None:
        client, page = client_of(group), CALL.format(Call.objects.latest("pk").pk)

        assert client.post(f"/admin/board/reveal/?page={page}", REASON).status_code == 403

    def test_a_superuser_reveals_as_well(self, people: People, admin_client: Client) -> None:
        page = CALL.format(Call.objects.latest("pk").pk)
        assert not people.found_in(whole(admin_client.get(page)))
        admin_client.post(f"/admin/board/reveal/?page={page}", REASON)

        assert people.found_in(whole(admin_client.get(page)))


class TestActs:
    def test_what_is_done_while_masked_is_done_to_the_rows_as_they_are(self, people: People) -> None:
        client = client_of(OPERATOR)
        row = Customer.objects.exclude(name="").latest("pk")
        before = Customer.objects.filter(pk=row.pk).values().get()
        page = f"/admin/calls/customer/{row.pk}/change/"

        refused = client.post(page, {"name": "Neu", "email": "", "contact_phone": ""})

        assert refused.status_code == 403
        assert Customer.objects.filter(pk=row.pk).values().get() == before

    def test_an_act_asks_about_masked_rows_and_is_done(self, people: People) -> None:
        client = client_of(OPERATOR)
        row = FollowUp.objects.filter(status="open").exclude(customer=None).latest("pk")
        page = f"/admin/appointments/followup/{row.pk}/resolve/"
        assert not people.found_in(whole(client.get(page)))

        client.post(page, {"confirmed": "yes", "note": "Erledigt", "pick": FollowUp.Outcome.values[0]})

        done = FollowUp.objects.get(pk=row.pk)
        assert (done.status, done.words) == ("done", row.words)

    def test_selected_rows_are_named_masked(self, people: People) -> None:
        row = FollowUp.objects.filter(status="open").exclude(customer=None).latest("pk")
        asked = {"action": "take", "_selected_action": str(row.pk), "index": "0"}

        answer = client_of(OPERATOR).post("/admin/appointments/followup/", asked)

        assert answer.status_code == 200
        assert not people.found_in(whole(answer))
