"""A kind of failure that is said to be fixed is closed, and a new one of it by newer code opens it again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from askpro.console.failures import Kind
from askpro.console.repair import fixes, sweepers
from askpro.console.repair.models import Fix
from askpro.queues.models import AttemptRow, Job
from tests.console.repair.rows import ACTOR, job

pytestmark = pytest.mark.django_db
KIND = Kind(ACTOR, "calls.Broken", "abc")


def died(version: str, ago: timedelta = timedelta(0), **values: Any) -> Job:
    dead = job(ago=ago, **values)
    AttemptRow.objects.filter(job_id=dead.pk).update(code_version=version)
    return dead


def close(client: Client, version: str = "1.4") -> Any:
    return client.post(KIND.fix_address, {"version": version, "note": "Anfrage abgefangen"}, follow=True)


def test_it_is_shown_as_fixed_by_whom_and_with_what(admin_client: Client) -> None:
    died("1.3")
    shown = close(admin_client).content.decode()
    assert "Fixed in 1.4" in shown and "Anfrage abgefangen" in shown and "admin" in shown
    assert "fixed in 1.4" in admin_client.get("/admin/board/failures/").content.decode()


def test_a_new_failure_by_newer_code_opens_it_and_says_by_which_job(admin_client: Client) -> None:
    died("1.3", timedelta(hours=1))
    close(admin_client)
    sweepers.sweep()
    assert Fix.objects.get().holds

    again = died("1.4", timedelta(seconds=-1))
    sweepers.sweep()

    fix = Fix.objects.get()
    assert (fix.reopened_by, fix.reopened_in, fix.reopened_at) == (again.pk, "1.4", again.finished_at)
    shown = admin_client.get(KIND.address).content.decode()
    assert "It happened again, in version 1.4" in shown and f"/admin/queues/job/{again.pk}/change/" in shown
    assert "came back" in admin_client.get("/admin/board/failures/").content.decode()


def test_a_failure_of_code_that_has_not_got_the_fix_says_nothing_against_it(admin_client: Client) -> None:
    died("1.3", timedelta(hours=1))
    close(admin_client)
    died("1.3", timedelta(seconds=-1))
    sweepers.sweep()
    assert Fix.objects.get().holds


@pytest.mark.parametrize(
    "other", [{"cause": "def"}, {"error_class": "calls.Other"}, {"actor_name": "identify_customer"}]
)
def test_a_failure_of_another_kind_says_nothing_either(admin_client: Client, other: dict[str, str]) -> None:
    died("1.3", timedelta(hours=1))
    close(admin_client)
    died("1.4", timedelta(seconds=-1), **other)
    sweepers.sweep()
    assert Fix.objects.get().holds


def test_it_is_closed_once_and_can_be_closed_again_after_it_came_back(admin_client: Client) -> None:
    died("1.3", timedelta(hours=1))
    close(admin_client)
    assert "closed before" in close(admin_client).content.decode()
    died("1.4", timedelta(seconds=-1))
    sweepers.sweep()
    close(admin_client, "1.5")
    assert list(Fix.objects.order_by("pk").values_list("version", flat=True)) == ["1.4", "1.5"]
    latest = fixes.latest_of(KIND.key)
    assert latest is not None and latest.holds and latest.broken == ["1.3", "1.4"]


def test_it_takes_the_permission_to_retry(staff_with: Callable[..., Client]) -> None:
    died("1.3")
    client = staff_with("queues.view_job")
    assert (
        client.get(KIND.fix_address).status_code == client.post(KIND.fix_address, {"version": "1"}).status_code == 403
    )
    assert KIND.fix_address.partition("?")[0] not in client.get(KIND.address).content.decode()
    assert not Fix.objects.exists()


def test_a_version_and_a_note_are_asked(admin_client: Client) -> None:
    died("1.3")
    for words in ({"version": "", "note": "x"}, {"version": "1", "note": ""}, {"version": "x" * 65, "note": "x"}):
        assert admin_client.post(KIND.fix_address, words).status_code == 200
    assert not Fix.objects.exists()
