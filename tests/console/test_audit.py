"""Each act leaves a deed: who, what, why, to which row, before and after, from where. It is never changed."""

from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.test import Client, RequestFactory

from askpro.console import audit
from askpro.console.models import Deed
from calls.models import Company, Customer
from tests.console.tenants import bound
from tests.console.world import World


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


class TestPage:
    def test_who_retried_a_job_and_why_takes_two_clicks(self, admin_client: Client, world: World) -> None:
        dead = next(job for job in world.jobs if job.status == "dead")
        admin_client.post(f"/admin/queues/job/{dead.pk}/retry/", {"confirmed": "yes"})
        cancelled = next(job for job in world.jobs if job.status in ("queued", "retrying", "released"))
        admin_client.post(f"/admin/queues/job/{cancelled.pk}/cancel/", {"confirmed": "yes", "note": "Doppelt."})

        assert 'href="/admin/console/deed/"' in admin_client.get("/admin/").content.decode()
        listed = admin_client.get("/admin/console/deed/", {"act": "cancel"}).content.decode()
        assert "Doppelt." in listed and str(cancelled.pk) in listed and "admin" in listed
        assert str(dead.pk) not in listed

    def test_an_act_keeps_the_state_before_and_after(self, admin_client: Client, world: World) -> None:
        dead = next(job for job in world.jobs if job.status == "dead")
        admin_client.post(f"/admin/queues/job/{dead.pk}/retry/", {"confirmed": "yes"})

        deed = Deed.objects.get(act="retry")
        assert (deed.before["status"], deed.after["status"]) == ("dead", "queued")
        page = admin_client.get(f"/admin/console/deed/{deed.pk}/change/").content.decode()
        assert "dead" in page and "queued" in page

    def test_a_form_keeps_what_it_changed(self, admin_client: Client, world: World) -> None:
        service = world.companies[0].services.earliest("pk")
        form = admin_client.get(f"/admin/calls/service/{service.pk}/change/").context["adminform"].form
        said = {name: value for name, value in form.initial.items() if value not in (None, False, [], {})}
        answer = admin_client.post(f"/admin/calls/service/{service.pk}/change/", {**said, "name": "Haarschnitt kurz"})

        assert answer.status_code == 302, answer.context["errors"]
        deed = Deed.objects.get(act="changed")
        assert (deed.before["name"], deed.after["name"]) == ("Haarschnitt", "Haarschnitt kurz")

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"act": "merge"}, {"merge"}),
            ({"table": "calls.customer"}, {"merge", "numbers"}),
            ({"at_from": "2020-01-01", "at_to": "2020-01-02"}, set()),
            ({"q": "lina"}, {"merge", "numbers", "pause"}),
            ({"q": "nobody"}, set()),
        ],
        ids=["act", "table", "days", "who", "nobody"],
    )
    def test_it_is_filtered(
        self, admin_client: Client, asked: HttpRequest, customer: Customer, query: dict[str, str], found: set[str]
    ) -> None:
        for row, act in ((customer, "merge"), (customer, "numbers"), (None, "pause")):
            audit.note(asked, row, act)

        listed = admin_client.get("/admin/console/deed/", query).context["cl"].result_list
        assert {deed.act for deed in listed} == found

    def test_a_company_reads_what_its_people_did(self, world: World, rf: RequestFactory) -> None:
        ours, theirs = world.companies
        person, operator = bound(ours), bound(operator=True)
        for user, company in ((person, ours), (operator, ours), (bound(theirs), theirs)):
            request = rf.post("/")
            request.user = user
            audit.note(request, company.customers.earliest("pk"), "numbers")
        client = Client()
        client.force_login(person)

        assert [deed.user_id for deed in client.get("/admin/console/deed/").context["cl"].result_list] == [person.pk]

    def test_every_page_notes_here(self) -> None:
        root = Path(__file__).resolve().parents[2]
        paths = [
            path
            for app in ("askpro", "calls", "appointments", "notifications", "webhooks")
            for path in (root / app).rglob("*.py")
        ]
        direct = [str(path.relative_to(root)) for path in paths if "log_actions(" in path.read_text("utf-8")]

        # A repair's job notes each row; the deed of the repair says from where it was begun.
        assert sorted(direct) == ["askpro/console/audit.py", "askpro/console/repair/running.py"], (
            "use askpro.console.audit"
        )
