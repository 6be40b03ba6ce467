"""Scenario 8: a number that belongs to no company until an operator assigns it."""

import pytest

from askpro.dev.sandbox.demo.scenarios import UNKNOWN_NUMBER
from askpro.dev.sandbox.world import PRACTICE, SALON
from calls.models import Branch, Call, Company, Customer, PhoneNumber
from tests.scenarios.traces import ONE_OF_EACH
from tests.scenarios.world import World
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.xdist_group("scenarios")


def test_scenario_08_a_call_to_an_unknown_number_is_worked_on_once_its_company_is_known(world: World) -> None:
    call = world.call("unknown_number")
    world.ring(call)
    world.until_done(lambda: WebhookEvent.objects.filter(status="unassigned").count() == 3)
    assert not Call.objects.exists() and not Customer.objects.exists()
    branch = Branch.objects.get(company__slug=SALON.slug)
    PhoneNumber.objects.create(number=UNKNOWN_NUMBER, company=branch.company, branch=branch)
    world.until_done(world.of(call).is_told)
    assert world.of(call).count() == ONE_OF_EACH
    assert set(WebhookEvent.objects.filter(provider="retell").values_list("status", flat=True)) == {"processed"}
    salon, practice = Company.objects.get(slug=SALON.slug), Company.objects.get(slug=PRACTICE.slug)
    assert world.of(call).call.company == world.of(call).appointment.company == salon
    for rows in (practice.calls, practice.customers, practice.appointments, practice.webhook_events):
        assert not rows.exists()
