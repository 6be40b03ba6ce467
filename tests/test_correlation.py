"""One id for everything that a request has caused: found from the log line to the last job, and back."""

import io
import json
import logging
import uuid
from typing import Any

import pytest
import responses
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from askpro.correlation import HEADER, correlation_id, sane
from askpro.http import Client as VendorClient
from askpro.logging import JsonFormatter
from askpro.queues import Batch, actor, chain
from askpro.queues.ledger.correlation import correlated, correlation
from askpro.queues.ledger.gates import Gate
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from calls.models import Branch, Call, Company, PhoneNumber
from tests.webhooks.signing import RETELL_KEY, post_retell, recorded
from webhooks.inbox.replay import replay_one
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db

# The same in each process of the suite, which compare the names of their tests.
OURS = "01a22ccd-d126-724f-b90b-1895f2096daf"
log = logging.getLogger(__name__)


@actor(queue_name="low", max_retries=0)
def asks_a_vendor() -> None:
    answers = VendorClient("vendor", "https://vendor.example", speaks=lambda answer: True, gate=Gate("vendor"))
    answers.request("GET", "/things")
    log.error("Asked")


@actor(queue_name="low", max_retries=0)
def says(*told: Any) -> str:
    return correlation()


@actor(queue_name="low", max_retries=0)
def sends_all_kinds() -> None:
    says.send()
    chain([says.message(), says.message()]).send()
    Batch([says.message(), [says.message(), says.message()]], on_finish=says.message()).send()
    says.send_with_options(delay=1000, on_success=says)
    asks_a_vendor.send()


def page(request: HttpRequest) -> HttpResponse:
    sends_all_kinds.send()
    return HttpResponse()


urlpatterns = [path("page/", page)]


def stories() -> set[str]:
    return {str(job.options.get("correlation")) for job in Job.objects.all()}


@pytest.mark.urls("tests.test_correlation")
@responses.activate
def test_all_that_a_request_leads_to_bears_the_id_that_it_brought(client: Client) -> None:
    vendor = responses.get("https://vendor.example/things", json={})
    written, handler = io.StringIO(), logging.StreamHandler()
    handler.setStream(written)
    handler.setFormatter(JsonFormatter())
    log.addHandler(handler)
    try:
        answer = client.get("/page/", headers={HEADER: OURS})
        run_jobs()
        run_jobs(due_or_not=True)
    finally:
        log.removeHandler(handler)
    assert answer[HEADER] == OURS
    assert Job.objects.count() == 11 and set(Job.objects.values_list("status", flat=True)) == {"completed"}
    assert stories() == {OURS}
    assert vendor.calls[0].request.headers[HEADER] == OURS
    assert json.loads(written.getvalue())["correlation"] == OURS


@pytest.mark.parametrize("told", ["", "quendolin@example.org", f"{OURS}\n", f"{OURS}0", "{" + OURS + "}", "٣" * 32])
@pytest.mark.urls("tests.test_correlation")
def test_a_request_that_brings_no_uuid_is_given_one(client: Client, told: str) -> None:
    assert sane(told) == ""
    given = client.get("/page/", headers={HEADER: told} if told.isascii() and told.isprintable() else {})[HEADER]
    assert uuid.UUID(given).version == 7 and given not in told


def test_an_id_has_one_spelling() -> None:
    assert sane(uuid.UUID(OURS).hex.upper()) == OURS


def test_a_job_that_no_work_has_sent_begins_a_story_under_its_own_id() -> None:
    begins = says.send()
    parent = sends_all_kinds.send()
    assert stories() == {"None"}
    run_jobs()
    assert stories() == {"None", parent.message_id}
    assert not Job.objects.filter(options__correlation=begins.message_id).exists()


def test_one_thread_works_on_nothing_after_its_job() -> None:
    says.send()
    run_jobs()
    assert correlation() == ""
    assert correlation_id() != correlation_id()


def test_a_webhook_its_event_its_call_and_its_jobs_are_found_by_one_id(admin_client: Client, first_call: Call) -> None:
    event = WebhookEvent.objects.get()
    assert first_call.correlation_id == event.correlation_id
    assert Job.objects.count() > 1 and stories() == {str(event.correlation_id)}
    found = {
        path: [
            row.pk for row in admin_client.get(f"/admin/{path}/", {"q": event.correlation_id}).context["cl"].result_list
        ]
        for path in ("calls/call", "webhooks/webhookevent", "queues/job")
    }
    assert found["calls/call"] == [first_call.pk]
    assert found["webhooks/webhookevent"] == [event.pk]
    assert {*found["queues/job"]} == {*Job.objects.values_list("pk", flat=True)}


def test_a_replay_belongs_to_the_story_of_its_event(first_call: Call) -> None:
    event = WebhookEvent.objects.get()
    Job.objects.all().delete()
    with correlated(OURS):
        replay_one(event, force=True)
    assert stories() == {str(event.correlation_id)}


@pytest.fixture
def first_call(settings: Any) -> Call:
    """A call of which one webhook told, and whose jobs ran."""
    settings.RETELL_API_KEYS = [RETELL_KEY]
    told = recorded("retell", "call_ended")
    salon = Company.objects.create(name="Salon Birke", slug="birke")
    branch = Branch.objects.create(company=salon, name="Mitte")
    PhoneNumber.objects.create(company=salon, branch=branch, number=told["call"]["to_number"])
    post_retell(told)
    run_jobs()
    return Call.objects.get()
