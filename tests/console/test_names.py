"""What a row is called is plain text: it stands in titles, in lists of names, and in what the search finds."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import RequestFactory

from appointments.models import Appointment
from askpro.console.model_admin import ConsoleModelAdmin
from askpro.console.search import everywhere
from calls.models import Customer
from tests.console.test_pages import MODELS
from tests.console.world import World

MARKUP = "ap-nowrap"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_no_name_has_markup(world: World, model: type[Model]) -> None:
    Customer.objects.update(name="")
    Appointment.objects.update(attendee_name="")
    model_admin = admin.site._registry[model]

    if isinstance(model_admin, ConsoleModelAdmin):
        for row in model._default_manager.order_by("pk")[:20]:
            assert MARKUP not in model_admin.named(row)


def test_nor_has_what_the_search_finds(world: World) -> None:
    customer = world.customers[2]
    Customer.objects.filter(pk=customer.pk).update(name="")
    Appointment.objects.filter(customer=customer).update(attendee_name="")
    request = RequestFactory().get("/admin/search/")
    request.user = User.objects.create_superuser("chefin")

    found = everywhere(request, customer.phone or "").hits

    assert found
    assert [hit for hit in found if MARKUP in hit.title] == []
