"""No list of the console shows all its rows at once, however its address asks."""

import pytest
from django.contrib import admin
from django.test import Client

from askpro.console.model_admin import ConsoleModelAdmin
from calls.models import Company


@pytest.mark.django_db
def test_no_list_is_longer_than_its_page() -> None:
    lists = [each for each in admin.site._registry.values() if isinstance(each, ConsoleModelAdmin)]

    assert len(lists) > 30
    assert [each for each in lists if each.list_max_show_all > each.list_per_page] == []


def test_all_shows_one_page_of_many_and_the_way_to_the_next(admin_client: Client) -> None:
    Company.objects.bulk_create(Company(name=f"Salon {number}", slug=f"salon-{number}") for number in range(60))

    page = admin_client.get("/admin/calls/company/?all=")

    assert len(page.context["cl"].result_list) == 50
    assert "?p=2" in page.content.decode().replace("&amp;", "&").replace("all=&", "")
