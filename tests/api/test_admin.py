"""A token is shown once, to the person who created it."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from appointments.models import FollowUp
from askpro.api.models import ApiToken
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from calls.models import BookingRequest, Company
from tests.api.conftest import URL, client_with, token_of
from tests.appointments.calcom_stub import CalcomStub

PAGE = "/admin/api/apitoken/"


def make(client: Client, company: Company) -> str:
    asked = {"company": company.pk, "name": "Buchungsseite", "may_read": "on", "is_active": "on"}
    page = client.post(f"{PAGE}add/", asked)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    found = re.search(r"askpro_[\w-]{43}", page.content.decode())
    assert found is not None
    return found[0]


def test_a_new_token_is_shown_once_and_works(admin_client: Client, company: Company) -> None:
    secret = make(admin_client, company)

    assert client_with(secret).get(f"{URL}1/").status_code == 404
    token = ApiToken.objects.get()
    for page in (PAGE, f"{PAGE}{token.pk}/change/"):
        shown = admin_client.get(page).content.decode()
        assert token.hint in shown
        assert secret not in shown
    assert secret not in LogEntry.objects.get().get_change_message()


def test_it_is_switched_off_and_never_moved(admin_client: Client, company: Company) -> None:
    other = Company.objects.create(name="Salon Linde", slug="salon-linde")
    token, secret = token_of(company)

    admin_client.post(f"{PAGE}{token.pk}/change/", {"company": other.pk, "name": "Anders"})

    token.refresh_from_db()
    assert (token.company, token.name, token.is_active) == (company, "Anders", False)
    assert client_with(secret).get(f"{URL}1/").status_code == 401


@pytest.mark.django_db
def test_who_may_not_add_tokens_gets_none(client: Client) -> None:
    assert client.post(f"{PAGE}add/", {}).status_code == 302


@pytest.mark.usefixtures("clock")
def test_staff_see_a_request_of_the_api_with_its_jobs_and_follow_ups(
    admin_client: Client, post: Any, wish: dict[str, Any], calendar: CalcomStub
) -> None:
    calendar.taken.add("2026-12-03T13:00:00Z")
    post(wish)
    run_jobs()
    request, follow_up = BookingRequest.objects.get(), FollowUp.objects.get()

    listed = admin_client.get("/admin/calls/bookingrequest/?source=api").content.decode()
    assert "Ole Linde" in listed
    assert "Ole Linde" not in admin_client.get("/admin/calls/bookingrequest/?source=call").content.decode()
    page = admin_client.get(f"/admin/calls/bookingrequest/{request.pk}/change/").content.decode()
    assert "create_appointment_from_request" in page
    assert "The time is taken" in page
    shown = admin_client.get(f"/admin/appointments/followup/{follow_up.pk}/change/").content.decode()
    assert f"/admin/calls/bookingrequest/{request.pk}/change/" in shown
    job = Job.objects.get(actor_name="count_request")
    assert (
        f"/admin/calls/bookingrequest/{request.pk}/"
        in admin_client.get(f"/admin/queues/job/{job.pk}/change/").content.decode()
    )
