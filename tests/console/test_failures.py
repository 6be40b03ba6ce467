"""Dead jobs grouped by cause: counted by periods, shown with an example, retried together."""

import html
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from askpro.console import failures
from askpro.queues.models import AttemptRow, Job
from tests.console.world import HOSTILE, World

pytestmark = pytest.mark.django_db
KIND = failures.Kind("extract_call_data", "calls.Broken", "abc")


def died(ago: timedelta = timedelta(0), fingerprint: str = "abc", **values: Any) -> Job:
    words = {"actor_name": KIND.actor_name, "queue_name": "high", "error_class": KIND.error_class, **values}
    job = Job.objects.create(status="dead", finished_at=timezone.now() - ago, **words)
    if fingerprint:
        AttemptRow.objects.create(job=job, claim_no=1, outcome="failed", fingerprint=fingerprint, trace="Traceback")
    return job


def test_it_counts_a_kind_in_its_windows() -> None:
    for ago in (timedelta(minutes=5), timedelta(hours=3), timedelta(days=3), timedelta(days=20)):
        died(ago, error_message=f"vor {ago}")

    (group,) = failures.groups()

    assert (group.kind, group.hour, group.day, group.week, group.count) == (KIND, 1, 2, 3, 4)
    assert group.message == "vor 0:05:00"
    assert group.last_at - group.first_at > timedelta(days=19)


def test_it_keeps_kinds_apart_by_job_error_and_place() -> None:
    died()
    died(fingerprint="def")
    died(error_class="calls.Other")
    died(actor_name="identify_customer")
    died(fingerprint="", error_class="DeadlineExceeded")

    assert len(failures.groups()) == 5


def test_the_last_failure_decides_what_a_job_died_of() -> None:
    job = died(fingerprint="first")
    AttemptRow.objects.create(job=job, claim_no=2, outcome="failed", fingerprint="second")
    AttemptRow.objects.create(job=job, claim_no=3, outcome="crashed")

    assert [group.kind.fingerprint for group in failures.groups()] == ["second"]


def test_it_leads_from_a_kind_to_its_jobs_and_whom_they_concern(admin_client: Client, world: World) -> None:
    call = world.calls[3]
    job = died(tags=[f"call:{call.pk}"], error_message=HOSTILE)

    shown = admin_client.get(KIND.address).content.decode()

    assert f"/admin/queues/job/{job.pk}/change/" in shown
    assert call.retell_call_id in shown
    assert "Retry all 1" in shown
    assert HOSTILE not in shown
    assert HOSTILE not in admin_client.get("/admin/board/failures/").content.decode()


def test_it_says_so_when_nothing_is_dead(admin_client: Client) -> None:
    assert "No job is dead" in admin_client.get("/admin/board/failures/").content.decode()
    assert "There are no such dead jobs any more" in admin_client.get(KIND.address).content.decode()


@pytest.mark.parametrize("query", ["", "actor=", f"actor={'x' * 201}"])
def test_what_names_no_kind_is_no_page(admin_client: Client, query: str) -> None:
    for page in ("group", "fixed"):
        assert admin_client.get(f"/admin/board/failures/{page}/?{query}").status_code == 404


class TestRetrying:
    def test_it_leads_to_the_question_about_exactly_this_kind(self, admin_client: Client) -> None:
        ours = [died() for _ in range(3)]
        died(fingerprint="def")
        died(fingerprint="")

        for shown in (admin_client.get("/admin/board/failures/"), admin_client.get(KIND.address)):
            assert html.escape(KIND.retry_address) in shown.content.decode()
        seen = admin_client.get(KIND.retry_address).context["preview"]

        assert seen.doing.count == 3 and not seen.leaving
        assert len(admin_client.get(KIND.filter_address).context["rows"]) == len(ours)

    def test_a_kind_without_error_or_place_is_found_too(self, admin_client: Client) -> None:
        died(fingerprint="", error_class="")
        died()
        seen = admin_client.get(failures.Kind(KIND.actor_name, "", "").retry_address).context["preview"]
        assert seen.total == 1

    def test_who_may_only_look_does_nothing(self, staff_with: Callable[..., Client]) -> None:
        died()
        client = staff_with("queues.view_job")

        assert html.escape(KIND.retry_address) not in client.get("/admin/board/failures/").content.decode()
        assert client.get(KIND.retry_address).status_code == 403
        assert client.post(KIND.retry_address, {"reason": "x"}).status_code == 403
        assert staff_with("calls.view_call").get("/admin/board/failures/").status_code == 403
        assert Job.objects.filter(status="dead").count() == 1


def test_it_asks_no_more_for_many_kinds(admin_client: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(40):
        died(error_class=f"calls.E{number}", fingerprint=str(number))

    with django_assert_max_num_queries(8):
        assert len(admin_client.get("/admin/board/failures/").context["groups"]) == 40
    with django_assert_max_num_queries(20):
        query = urlencode({"actor": KIND.actor_name, "error": "calls.E7", "print": "7"})
        assert admin_client.get(f"/admin/board/failures/group/?{query}").context["count"] == 1
