"""Every page works under its Content-Security-Policy, by keyboard and with a screen reader, as far as text tells."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import NoReverseMatch, reverse

from askpro.console.site import PAGES
from tests.console import markup
from tests.console.test_pages import MODELS, list_of, page_of
from tests.console.world import World

WITHOUT_ROWS = [page.name for page in PAGES if "<" not in page.address and page.name != "failure_group"]


def check(answer: Any) -> None:
    assert answer.status_code == 200
    found = markup.read(answer.content.decode())
    assert found.refused == [], "the policy refuses it"
    assert found.unnamed == [], "no label"
    assert found.unscoped == [], "a head of what?"
    assert found.counts.get("h1") == 1
    assert found.counts.get("main") == 1


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_list_and_a_row_of_it(admin_client: Client, world: World, model: type[models.Model]) -> None:
    check(admin_client.get(list_of(model)))
    row = model._default_manager.order_by("pk").first()
    if row is not None:
        check(admin_client.get(page_of(row)))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_form_for_a_new_row(admin_client: Client, world: World, model: type[models.Model]) -> None:
    meta = model._meta
    answer = admin_client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_add"))
    if answer.status_code == 200:
        check(answer)


@pytest.mark.parametrize("name", [*WITHOUT_ROWS, "index", "person", "password_change"])
def test_a_page_about_no_table(admin_client: Client, world: World, name: str) -> None:
    check(admin_client.get(reverse(f"admin:{name}")))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_page_that_asks_before_it_acts(admin_client: Client, world: World, model: type[models.Model]) -> None:
    row = model._default_manager.order_by("pk").first()
    for act in getattr(admin.site._registry[model], "acts", ()) if row is not None else ():
        try:
            check(admin_client.get(f"{page_of(row).removesuffix('change/')}{act.name}/"))
        except NoReverseMatch:
            continue


def test_the_log_in(client: Client, db: None) -> None:
    check(client.get("/admin/login/"))
