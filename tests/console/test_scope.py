"""A salon's log-in sees its own rows everywhere, and can neither change others nor learn of them: on every URL of the
console, found by walking through them."""

import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from askpro.console.model_admin import ConsoleModelAdmin
from askpro.console.roles import MANAGER
from askpro.console.scope import path_of
from askpro.queues.models import Job
from calls.models import Call, Company, Customer
from notifications.models import Notification
from notifications.text import texts
from tests.console.tenants import CANARY, bound, make_strangers, rows_of, snapshot, tenant_models
from tests.console.world import World

WHOLE = os.environ.get("ASKPRO_TEST_LONG") == "1"
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
# Pages that every user may open, with any scope.
FOR_ALL = {"index", "login", "logout", "password_change", "password_change_done", "jsi18n", "autocomplete", "search"}
FOR_ALL |= {"app_list", "language", "second_factor"}
# Pages without a model that show what is within the scope.
SCOPED = {"reveal", "deliveries", "deliveries_csv", "person", "reports", "reports_csv", "repair_first"}


class Salon:
    """Two salons, and a log-in of ours that has every permission there is."""

    def __init__(self, world: World) -> None:
        self.ours, self.theirs = make_strangers(world)
        self.user = bound(self.ours)
        self.client = Client(raise_request_exception=False)
        self.client.force_login(self.user)

    def ask(self, address: str, data: Any = None, *, post: bool = False) -> str:
        """The whole answer: its text, the URL of a redirect, and the text of the page there."""
        send = self.client.post if post else self.client.get
        answer = send(address, data or {})
        assert answer.status_code < 500, (address, data)
        said = answer.cookies["messages"].value if "messages" in answer.cookies else ""
        return "\n".join([answer.content.decode("utf-8", "replace"), answer.get("Location", ""), said])


@pytest.fixture
def salon(world: World) -> Salon:
    return Salon(world)


def addresses(patterns: Any = None, prefix: str = "admin/", model: Any = None) -> Iterator[tuple[str, str, Any]]:
    """Every route of the console with its name and, where it is about a table, its model."""
    tables = {f"{m._meta.app_label}/{m._meta.model_name}/": m for m in admin.site._registry}
    for entry in patterns if patterns is not None else admin.site.get_urls():
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, route, tables.get(str(entry.pattern)))
        elif isinstance(entry, URLPattern):
            yield route, entry.name or "", model


def filled(route: str, key: object) -> str:
    """The route's address for a key."""
    for part in (
        "<path:object_id>",
        "<id>",
        "<path:content_type_id>",
        "<str:verb>",
        "<uuid:chain_id>",
        "<int:user_id>",
    ):
        route = route.replace(part, quote(str(key), safe=""))
    return f"/{route}"


PAGES = [(route, model) for route, _, model in addresses() if model is not None and ("object_id" in route)]


def test_every_page_is_scoped_or_for_operators_only() -> None:
    for model, model_admin in admin.site._registry.items():
        path = path_of(model)
        assert isinstance(model_admin, ConsoleModelAdmin), f"{model._meta.label} has a page that no scope holds"
        if not path:
            names = {field.related_model for field in model._meta.concrete_fields if field.is_relation}
            assert Company not in names, f"{model._meta.label} has a company: name it in company_path"
        else:
            model._default_manager.filter(**{f"{path}__in": [0]})  # raises when there is no such path


def test_who_is_bound_to_nothing_sees_nothing(world: World) -> None:
    client = Client()
    client.force_login(bound())

    for route, name, model in addresses():
        if name in FOR_ALL or "(?P<" in route:
            continue
        answer = client.get(filled(route, 1), follow=True)
        is_front = answer.status_code == 200 and answer.wsgi_request.path == "/admin/"
        assert is_front or answer.status_code in (403, 404, 405), (name, model)
    assert "bound to no company" in client.get("/admin/").content.decode()


def test_who_lost_his_row_or_was_switched_off_sees_nothing(world: World) -> None:
    user = bound(world.companies[0])
    client = Client()
    client.force_login(user)
    assert client.get("/admin/calls/call/").status_code == 200

    user.access.delete()
    assert client.get("/admin/calls/call/").status_code == 403
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/admin/calls/call/").status_code == 302


def test_a_salon_reads_its_own_rows_and_no_others(salon: Salon) -> None:
    for model in tenant_models():
        _reads_its_own(salon, model)


def _reads_its_own(salon: Salon, model: type[models.Model]) -> None:
    own, strange = rows_of(salon.ours, model), rows_of(salon.theirs, model)
    assert own.exists(), model
    assert strange.exists(), model
    listed = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")

    page = salon.client.get(listed)
    assert {row.pk for row in page.context["cl"].queryset} == set(own.values_list("pk", flat=True))
    queries = (f"?q={CANARY.lower()}", f"?q={strange[0].pk}", f"?company={salon.theirs.pk}", "?_popup=1")
    assert CANARY not in page.content.decode()
    for query in queries if WHOLE else queries[:1]:
        assert CANARY not in salon.ask(listed + query), query
    for route, table in PAGES:
        if table is not model:
            continue
        assert CANARY not in salon.ask(filled(route, strange[0].pk)), route
        for row in own if WHOLE else own[:1]:
            assert CANARY not in salon.ask(filled(route, row.pk)), (route, row.pk)
    change = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[own[0].pk])
    assert salon.client.get(change).status_code == 200


def test_an_operator_sees_both(salon: Salon) -> None:
    """Shows that the walk above would find a canary."""
    salon.client.force_login(bound(operator=True))

    for model in tenant_models():
        listed = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        change = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[0])
        pages = [salon.ask(listed)] + [
            salon.ask(change.replace("/0/", f"/{row.pk}/")) for row in rows_of(salon.theirs, model)[:1]
        ]
        assert any(CANARY in page for page in pages), model


def test_a_salon_changes_no_row_of_another(salon: Salon) -> None:
    before = snapshot()

    for model, model_admin in admin.site._registry.items():
        strange = rows_of(salon.theirs, model) if path_of(model) else model._default_manager.exclude(pk=salon.user.pk)
        row = strange.order_by("pk").first()
        if row is None:
            continue
        values = {k: "1" if v is None else v for k, v in model._default_manager.filter(pk=row.pk).values()[0].items()}
        for route, table in PAGES:
            if table is model:
                answer = salon.ask(
                    filled(route, row.pk), {**values, "post": "yes", "confirmed": "yes", "note": "x"}, post=True
                )
                assert CANARY not in answer, route
        listed = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for name in ["delete_selected", *(act.name for act in getattr(model_admin, "acts", ()))]:
            said = {"action": name, "_selected_action": str(row.pk), "index": "0", "post": "yes", "confirmed": "yes"}
            assert CANARY not in salon.ask(listed, {**said, "note": "x"}, post=True), (model, name)
    for address in ("board/repair/failures/retry/", "board/act/pause/?queue=high", "board/act/stop/"):
        assert salon.client.post(f"/admin/{address}", {"reason": "x", "length": "15"}).status_code == 403

    assert snapshot() == before


def test_a_salon_gives_no_row_of_its_own_to_another(salon: Salon) -> None:
    """A form does not accept others either: its choices are the rows that the user sees."""
    branch, staff = salon.ours.branches.get(), salon.ours.staff.earliest("pk")
    strange = salon.theirs.branches.get()
    form = {"company": salon.theirs.pk, "branch": strange.pk, "name": "Taken", "is_active": "on"}

    for address, more in (
        (f"calls/staff/{staff.pk}/change/", {}),
        (
            f"calls/staff/{staff.pk}/change/",
            {"company": salon.ours.pk, "branch": branch.pk, "services": salon.theirs.services.earliest("pk").pk},
        ),
        ("calls/staff/add/", {}),
        ("calls/service/add/", {"duration_minutes": 30, "minimum_notice_minutes": 0, "synonyms": "[]"}),
        ("calls/phonenumber/add/", {"number": "+493023125188"}),
        ("api/apitoken/add/", {}),
        ("calls/company/add/", {"slug": "new"}),
    ):
        before = snapshot()
        assert CANARY not in salon.ask(f"/admin/{address}", {**form, **more}, post=True)
        assert snapshot() == before, address


def test_a_salon_is_offered_only_its_own_rows_to_choose_from(salon: Salon) -> None:
    offered = 0
    for model in admin.site._registry:
        for field in [*model._meta.concrete_fields, *model._meta.many_to_many]:
            if field.remote_field is None:
                continue
            source = {
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": field.name,
            }
            for term in ("", CANARY.lower()):
                text = salon.ask("/admin/autocomplete/", {**source, "term": term})
                assert CANARY not in text, source
                offered += '"id"' in text
    assert offered


def test_a_salon_finds_only_its_own_rows(salon: Salon) -> None:
    for typed in (CANARY.lower(), f"{CANARY}1@example.org".lower(), "+49", "0", "Haarschnitt"):
        assert CANARY not in salon.ask("/admin/search/", {"s": typed, "extended": "1"}), typed
    for row in [*Customer.objects.filter(company=salon.theirs), *Call.objects.filter(company=salon.theirs)]:
        assert CANARY not in salon.ask("/admin/search/", {"s": str(row.pk)})


def test_no_page_beside_the_tables_tells_of_another(salon: Salon) -> None:
    """Pages without a model: the front page, boards, chains, app lists, the shortcut by content type."""
    chain = Job.objects.exclude(chain_id=None).values_list("chain_id", flat=True).first()
    for route, name, model in addresses():
        if model is None and name not in ("logout", "app_list", ""):
            answer = salon.client.get(filled(route, chain if "chain_id" in route else "pause"))
            assert name in FOR_ALL | SCOPED or answer.status_code in (403, 404), name
            assert CANARY not in answer.content.decode(), name
    for app_label in {model._meta.app_label for model in admin.site._registry}:
        assert CANARY not in salon.ask(f"/admin/{app_label}/")
    for kind in ("events", "messages", "follow-ups", "jobs", "failures"):
        assert CANARY not in salon.ask(f"/admin/board/repair/{kind}/")
    for row in rows_of(salon.theirs, Call)[:1]:
        for kind in range(1, 60):
            assert CANARY not in salon.ask(f"/admin/r/{kind}/{row.pk}/")


def test_a_call_tells_a_salon_how_its_jobs_stand(salon: Salon) -> None:
    job = Job.objects.get(error_message=CANARY)
    page = salon.ask(f"/admin/calls/call/{job.tags[0].partition(':')[2]}/change/")

    assert job.actor_name in page
    assert "/admin/queues/" not in page


def test_a_search_is_not_used_up_by_customers_of_others(salon: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
    from askpro.console import customers

    monkeypatch.setattr(customers, "MOST_MEANT", 1)
    ours = Customer.objects.create(company=salon.ours, name="Namensvetterin")
    call = salon.ours.calls.earliest("pk")
    Call.objects.filter(pk=call.pk).update(customer=ours)
    Customer.objects.create(company=salon.theirs, name="Namensvetterin")

    page = salon.client.get("/admin/calls/call/", {"q": "Namensvetterin"})

    assert [row.pk for row in page.context["cl"].result_list] == [call.pk]


class TestMails:
    def test_a_salon_opens_what_its_mails_lead_to(self, salon: Salon) -> None:
        user = bound(salon.ours, permissions=[])
        user.groups.add(Group.objects.get(name=MANAGER))
        client = Client()
        client.force_login(user)

        for path, row in (
            ("appointments/appointment", salon.ours.appointments.earliest("pk")),
            ("appointments/followup", salon.ours.follow_ups.earliest("pk")),
            ("calls/company", salon.ours),
            ("calls/call", salon.ours.calls.earliest("pk")),
        ):
            page = client.get(f"/admin/{path}/{row.pk}/change/")
            assert page.status_code == 200, path
            assert "calcom api key" not in page.content.decode().lower()
        assert client.get("/admin/auth/user/").status_code == 403

    def test_a_mail_leads_who_is_not_logged_in_to_the_log_in_and_then_there(self, salon: Salon) -> None:
        user = bound(salon.ours, permissions=[])
        user.groups.add(Group.objects.get(name=MANAGER))
        user.set_password("correct horse")
        user.save()
        follow_up = salon.ours.follow_ups.earliest("pk")
        told = Notification.objects.create(company=salon.ours, follow_up=follow_up, kind="staff", channel="email")
        link = urlsplit(re.findall(r"http\S+/admin/\S+", texts.mail(told).text)[0])
        client = Client()

        asked = client.get(link.path)
        assert (asked.status_code, asked["Location"]) == (302, f"/admin/login/?next={link.path}")
        credentials = {"username": user.username, "password": "correct horse", "next": link.path}
        there = client.post(asked["Location"], credentials, follow=True)
        assert there.redirect_chain == [(link.path, 302)]
        assert there.status_code == 200 and str(follow_up.pk) in there.request["PATH_INFO"]

    def test_a_log_in_leads_nowhere_else(self, salon: Salon) -> None:
        user = bound(salon.ours)
        user.set_password("correct horse")
        user.save()
        credentials = {"username": user.username, "password": "correct horse", "next": "https://elsewhere.example/"}
        answer = Client().post("/admin/login/", credentials)
        assert answer.status_code == 302 and "elsewhere" not in answer["Location"]
