"""A call to a number without a company is worked on once the number gets one; no other company's call is touched."""

import pytest

from askpro.queues.models import Job
from askpro.queues.testing import run_jobs, sent
from calls.models import Branch, Call, Company, PhoneNumber
from tests.calls.practice import event, practice
from webhooks.inbox.replay import replay_one
from webhooks.models import WebhookEvent
from webhooks.tasks import replay_unassigned

pytestmark = pytest.mark.django_db

State = WebhookEvent.Status
OURS, OTHERS = "+493023125230", "+493023125240"


@pytest.fixture
def company() -> Company:
    return practice().company


def unplaced(number: str, call_id: str) -> WebhookEvent:
    stored = event("call_ended", to_number=number, call_id=call_id, agent_id=None)
    assert replay_one(stored) is False
    WebhookEvent.objects.filter(pk=stored.pk).update(status=State.UNASSIGNED)
    return stored


def assign(company: Company, number: str, **values: object) -> PhoneNumber:
    branch = Branch.objects.get(company=company)
    return PhoneNumber.objects.create(company=company, branch=branch, number=number, **values)


def status(stored: WebhookEvent) -> str:
    return WebhookEvent.objects.get(pk=stored.pk).status


def test_it_takes_up_the_calls_of_a_new_number_and_of_no_other(company: Company) -> None:
    ours, others = unplaced(OURS, "call_ours"), unplaced(OTHERS, "call_others")

    number = assign(company, OURS)
    assert sent(replay_unassigned) == [{"number_id": number.pk}]
    run_jobs()

    assert status(ours) == State.PROCESSED
    assert status(others) == State.UNASSIGNED
    assert Call.objects.get().phone_number == number
    assert Call.objects.get().company == company


def test_it_takes_them_up_when_a_number_is_switched_on(company: Company) -> None:
    ours = unplaced(OURS, "call_ours")
    number = assign(company, OURS, is_active=False)
    assert not Job.objects.exists()

    number.is_active = True
    number.save()
    run_jobs()

    assert status(ours) == State.PROCESSED


def test_it_sends_nothing_while_every_call_has_its_company(company: Company) -> None:
    assign(company, OURS)
    assert not Job.objects.exists()


def test_it_passes_over_what_cannot_be_read(company: Company) -> None:
    broken, ours = unplaced(OURS, "call_broken"), unplaced(OURS, "call_ours")
    WebhookEvent.objects.filter(pk=broken.pk).update(body=b"{")

    assign(company, OURS)
    run_jobs()

    assert (status(broken), status(ours)) == (State.UNASSIGNED, State.PROCESSED)
