"""What the clock sends: every company gets its own job."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from appointments.models import DailyCount
from appointments.tasks import recount_all, recount_company, sync_all_calcom_data, sync_calcom_data
from askpro.queues.testing import run_jobs, sent
from calls.models import Company

pytestmark = pytest.mark.django_db


@pytest.fixture
def companies() -> list[Company]:
    names = [("Salon Grün", True), ("Praxis Weiß", True), ("Gegangen", False)]
    return [Company.objects.create(name=name, slug=f"c{n}", is_active=on) for n, (name, on) in enumerate(names)]


def test_it_syncs_every_active_company_and_none_twice(companies: list[Company]) -> None:
    sync_all_calcom_data()
    sync_all_calcom_data()

    assert sent(sync_calcom_data) == [{"company_id": company.pk} for company in companies[:2]]


def test_it_counts_the_last_days_of_every_company_anew(companies: list[Company]) -> None:
    wrong = DailyCount.objects.create(company=companies[0], day=timezone.localdate() - timedelta(days=3), calls=99)

    recount_all.send()
    assert run_jobs() == [("recount_all", "completed"), *[("recount_company", "completed")] * 3]

    wrong.refresh_from_db()
    assert wrong.calls == 0
    assert DailyCount.objects.filter(company=companies[2]).count() == 8


def test_it_counts_days_where_the_company_is(companies: list[Company]) -> None:
    companies[0].timezone = "Pacific/Kiritimati"
    companies[0].save()

    recount_company.send(company_id=companies[0].pk)
    run_jobs()

    today = timezone.now().astimezone(ZoneInfo("Pacific/Kiritimati")).date()
    assert DailyCount.objects.order_by("-day").first().day == today
