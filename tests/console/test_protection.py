"""What something else needs is not deleted, and that is told at once."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from askpro.console.protection import protecting
from calls.models import Company
from tests.console.world import World

PAGE = "/admin/calls/company/{}/delete/"


def test_a_company_with_calls_says_what_keeps_it_without_reading_it(
    admin_client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    kept = world.calls[0].company

    with django_assert_max_num_queries(6):
        page = admin_client.get(PAGE.format(kept.pk), headers={"accept-language": "en"}).content.decode()
    admin_client.post(PAGE.format(kept.pk), {"post": "yes"})

    for name in ("branches", "calls", "customers"):
        assert name in page
    assert world.calls[0].transcript not in page
    assert Company.objects.filter(pk=kept.pk).exists()


def test_a_company_with_nothing_is_deleted(admin_client: Client) -> None:
    empty = Company.objects.create(name="Salon", slug="salon")

    admin_client.post(PAGE.format(empty.pk), {"post": "yes"})

    assert not Company.objects.filter(pk=empty.pk).exists()


@pytest.mark.django_db
def test_nothing_keeps_what_nothing_needs(world: World) -> None:
    assert protecting([]) == []
    assert protecting([User.objects.create(username="new")]) == []
    assert protecting([Company.objects.create(name="New", slug="new"), world.calls[0].company])
