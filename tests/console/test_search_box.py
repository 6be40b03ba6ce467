"""One box finds whatever a person has in hand, says what it is, and shows nothing beyond what they may see."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from askpro.console.search.dead_jobs import DAYS
from askpro.queues.models import Job
from calls.models import Customer
from tests.appointments import salon
from tests.console.tenants import bound
from tests.console.world import World

MOST_QUERIES = 15


def page(client: Client, typed: str, language: str = "en") -> str:
    return client.get("/admin/search/", {"s": typed}, headers={"Accept-Language": language}).content.decode()


@pytest.fixture
def grossler(world: World) -> Customer:
    return Customer.objects.create(company=world.companies[0], name="Dr. Eva Größler", phone="+4915550100999")


@pytest.mark.parametrize("typed", ["Groessler", "größler", "Grossler", "Frau Dr. Größler", "eva gro", "GROESSLER, Eva"])
def test_a_customer_is_found_however_the_name_is_spelled(admin_client: Client, grossler: Customer, typed: str) -> None:
    found = page(admin_client, typed)

    assert f"/admin/calls/customer/{grossler.pk}/change/" in found
    assert "Customer" in found


def test_companies_branches_staff_and_services_say_what_they_are(admin_client: Client, world: World) -> None:
    at = salon.branch(salon.company("haarwerk-özdemir"))
    salon.staff(at, 771, name="Yasemin Yılmaz")
    salon.service(at.company, 772, name="Föhnen")

    for typed, kind in (("oezdemir", "Company"), ("Yilmaz", "Staff"), ("fohnen", "Service")):
        found = page(admin_client, typed)
        assert f'<span class="ap-found-kind">{kind}' in found, typed
        assert at.company.name in found


@pytest.mark.parametrize("typed", ["29.11.2026", "2026-11-29", "29.11.26"])
def test_a_date_leads_to_the_calls_and_appointments_of_that_day(admin_client: Client, db: None, typed: str) -> None:
    found = page(admin_client, typed)

    assert "/admin/calls/call/?created_at_from=29.11.2026&amp;created_at_to=29.11.2026" in found
    assert "/admin/appointments/appointment/?starts_at_from=29.11.2026&amp;starts_at_to=29.11.2026" in found
    assert admin_client.get("/admin/calls/call/?created_at_from=29.11.2026&created_at_to=29.11.2026").status_code == 200


def test_a_number_of_a_company_leads_to_its_page(admin_client: Client, world: World) -> None:
    number = world.companies[0].phone_numbers.all()[0]

    assert f"/admin/calls/phonenumber/{number.pk}/change/" in page(admin_client, number.number)


def test_pages_and_jobs_are_found_by_their_names(admin_client: Client, db: None) -> None:
    assert "/admin/queues/schedule/" in page(admin_client, "Sched")
    assert "/admin/queues/job/?q=recount_company" in page(admin_client, "recount comp")


def test_a_dead_job_is_found_by_its_arguments_and_its_error(admin_client: Client, world: World) -> None:
    job = Job.objects.filter(status="dead").order_by("-finished_at")[0]
    Job.objects.filter(pk=job.pk).update(
        error_message="Zahnfee ist weg", kwargs={"company_id": 4, "word": "Ärmelkanal"}
    )

    for typed in ("zahnfee", "ärmelkanal"):
        found = page(admin_client, typed)
        assert str(job.pk) in found
        assert f"last {DAYS} days" in found
    Job.objects.filter(pk=job.pk).update(finished_at=timezone.now() - timedelta(days=DAYS + 1))
    assert str(job.pk) not in page(admin_client, "zahnfee")


def test_what_a_person_may_not_see_is_not_found(world: World, staff_with: Any, grossler: Customer) -> None:
    Job.objects.filter(status="dead").update(error_message="Zahnfee")
    client = staff_with("calls.view_call")

    assert "/admin/calls/customer/" not in page(client, "Größler")
    assert "/admin/queues/" not in page(client, "zahnfee") + page(client, "Sched") + page(client, "recount")
    assert "/admin/appointments/" not in page(client, "29.11.2026")


def test_who_never_sees_people_finds_nobody_by_name_or_number(
    world: World, staff_with: Any, grossler: Customer
) -> None:
    client = staff_with("calls.view_customer", "calls.view_call")
    User.objects.latest("pk").user_permissions.remove(Permission.objects.get(codename="see_people"))

    for typed in ("Größler", "+4915550100999"):
        assert "/admin/calls/" not in page(client, typed)


def test_another_companys_people_are_not_found(world: World, grossler: Customer) -> None:
    client = Client()
    client.force_login(bound(world.companies[1]))

    assert "Größler" not in page(client, "Größler")
    assert "/admin/queues/" not in page(client, "recount")


@pytest.mark.parametrize(
    "typed", ["Eva Größler", "+4915550100999", "4711", "eva@example.org", "call_0123456789abcdef", "29.11.2026", "Zeit"]
)
def test_it_asks_little(
    admin_client: Client, grossler: Customer, django_assert_max_num_queries: Any, typed: str
) -> None:
    page(admin_client, typed)  # fills the caches, such as that of content types
    with django_assert_max_num_queries(MOST_QUERIES):
        page(admin_client, typed)


@pytest.mark.parametrize("typed", ["\x00", "%", "_", "a" * 5000, "' OR 1=1 --", "<script>", "Dr.", "''", "\\", "ß"])
def test_it_survives_whatever_is_typed(admin_client: Client, world: World, typed: str) -> None:
    answer = admin_client.get("/admin/search/", {"s": typed})

    assert answer.status_code in (200, 400)
    assert "<script>" not in answer.content.decode()
