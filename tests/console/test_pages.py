"""Every page opens, with data and without, fast and escaped."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from appointments.models import Appointment, FollowUp, FreedTime
from askpro.console.entrance.models import LoginAttempt
from askpro.console.model_admin import ReadOnlyModelAdmin
from askpro.console.repair.models import Repair
from askpro.console.tones import TONES
from askpro.queues.models import Attempt, FleetEvent, Job
from calls.models import BookingRequest, Call, Customer, CustomerMerge, Service
from tests.console.world import HOSTILE, World
from webhooks.models import WebhookEvent

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
# Session, user, the page's rows, the capped count; the rest is filters and the page's own look-ups.
MOST_LIST_QUERIES = 12
MOST_PAGE_QUERIES = 30


def list_of(model: type[models.Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_of(row: models.Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_it_opens_a_list_without_rows(admin_client: Client, model: type[models.Model]) -> None:
    model._default_manager.exclude(**({"username": "admin"} if model._meta.label == "auth.User" else {})).delete()

    answer = admin_client.get(list_of(model))

    assert answer.status_code == 200
    if model._meta.app_label != "auth":
        assert str(answer.context["cl"].model_admin.empty_text) in answer.content.decode().replace("&#x27;", "'")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_it_opens_a_list_and_a_page_with_few_queries(
    admin_client: Client, world: World, django_assert_max_num_queries: Any, model: type[models.Model]
) -> None:
    with django_assert_max_num_queries(MOST_LIST_QUERIES):
        assert admin_client.get(list_of(model)).status_code == 200
    row = model._default_manager.order_by("pk").first()
    if row is not None:
        with django_assert_max_num_queries(MOST_PAGE_QUERIES):
            assert admin_client.get(page_of(row)).status_code == 200


@pytest.mark.parametrize("model", [Call, Job, WebhookEvent, FollowUp], ids=lambda model: model._meta.label)
def test_it_asks_no_more_for_a_longer_list(
    admin_client: Client, world: World, django_assert_max_num_queries: Any, model: type[models.Model]
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    admin_client.get(list_of(model))  # fills the caches, such as that of content types
    with CaptureQueriesContext(connection) as many:
        admin_client.get(list_of(model))
    keep = model._default_manager.order_by("pk").values_list("pk", flat=True)[:1]
    with CaptureQueriesContext(connection) as one:
        admin_client.get(f"{list_of(model)}?q={keep[0]}")

    assert len(many) <= len(one) + 1


def test_it_escapes_what_strangers_wrote(admin_client: Client, world: World) -> None:
    rows = [world.calls[0], world.events[0], world.customers[0], world.follow_ups[0], world.appointments[0]]
    rows += [world.messages[0], next(job for job in world.jobs if job.status == "dead")]

    for row in rows:
        page = admin_client.get(page_of(row)).content.decode()
        assert "window.hacked" in page, row
        assert HOSTILE[:20] not in page, row
        assert "<img src=x" not in page, row
    for model in {type(row) for row in rows}:
        assert "<script>window" not in admin_client.get(list_of(model)).content.decode()


def test_it_shows_no_raw_page_to_a_row_that_is_not_there(admin_client: Client, world: World) -> None:
    for key in ("99999999", "abc", "1%00", "9" * 40):
        for model in (Call, WebhookEvent, Job):
            meta = model._meta
            answer = admin_client.get(f"/admin/{meta.app_label}/{meta.model_name}/{key}/change/")
            assert answer.status_code == 302


@pytest.mark.parametrize("model", [m for m in MODELS if isinstance(admin.site._registry[m], ReadOnlyModelAdmin)])
def test_it_lets_nobody_write_the_rows_of_machines(
    admin_client: Client, world: World, model: type[models.Model]
) -> None:
    kept = world.customers[0]
    twin = Customer.objects.create(company=kept.company, name="Zwilling")
    CustomerMerge.objects.create(company=kept.company, kept=kept, lost=twin)
    booked = Appointment.objects.filter(company=kept.company)[0]
    times = {"starts_at": booked.starts_at, "ends_at": booked.ends_at}
    about = {"appointment": booked, "branch": booked.branch, "service": Service.objects.all()[0]}
    FreedTime.objects.create(company=kept.company, **about, **times)
    Repair.objects.create(kind="jobs", verb="retry", reason="Cal.com is back")
    LoginAttempt.objects.create(step=LoginAttempt.Step.PASSWORD, name_digest="0" * 32)
    row = model._default_manager.order_by("pk").first()
    assert row is not None
    before = model._default_manager.filter(pk=row.pk).values().get()

    assert admin_client.post(page_of(row), {"status": "dead"}).status_code == 405
    assert admin_client.get(f"{list_of(model)}add/").status_code == 403
    assert admin_client.post(page_of(row).replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).values().get() == before


@pytest.mark.parametrize("asked", ["/admin/login/", "/admin/login/?next=/admin/"])
def test_a_log_in_leads_to_the_console(client: Client, django_user_model: Any, asked: str) -> None:
    django_user_model.objects.create_superuser("chefin", password="a-long-password")

    answer = client.post(asked, {"username": "chefin", "password": "a-long-password"}, follow=True)

    assert (answer.redirect_chain, answer.status_code) == ([("/admin/", 302)], 200)


def test_it_has_a_colour_for_every_state() -> None:
    states = {
        value
        for model in [*MODELS, BookingRequest, Attempt]
        for field in model._meta.get_fields()
        if getattr(field, "name", "") in ("status", "outcome", "sync_status") and getattr(field, "choices", None)
        for value, _ in field.choices
    }

    states |= set(FleetEvent.Kind.values)
    assert states <= set(TONES), sorted(states - set(TONES))


def test_it_counts_no_further_than_anybody_pages(world: World) -> None:
    from askpro.console.paginator import CappedPaginator

    class Small(CappedPaginator):
        CAP = 5

    paginator = Small(Call.objects.order_by("-id"), 2)

    assert (paginator.count, paginator.is_capped, paginator.num_pages) == (5, True, 3)
