"""What the watch finds in the console: a repair that stopped, until somebody acts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from askpro.console.repair.models import Repair, RepairItem
from askpro.queues import interventions
from askpro.queues.jobs import corrections
from askpro.queues.models import Job
from tests.console.repair.rows import job
from tests.watch.conditions.finding import found

pytestmark = pytest.mark.django_db


def halted(tried: Job, *waiting: Job, ago: timedelta = timedelta(minutes=5), status: str = "halted") -> Repair:
    """A repair of dead jobs of which the newest was tried and failed again."""
    words = {"kind": "failures", "verb": "retry", "reason": "Cal.com is back", "finding": "Unavailable"}
    repair = Repair.objects.create(
        status=status, tried=str(tried.pk), total=1 + len(waiting), done=1, ended_at=timezone.now() - ago, **words
    )
    for each in (tried, *waiting):
        RepairItem.objects.create(repair=repair, key=str(each.pk))
    return repair


def is_told(repair: Repair) -> bool:
    return str(repair.pk) in found("repair_halted", timezone.now())


def test_it_tells_what_it_failed_of_and_how_many_are_left() -> None:
    repair = halted(job(), job(), job())

    (finding,) = found("repair_halted", timezone.now()).values()

    assert (finding.about, finding.since) == (str(repair.pk), repair.ended_at)
    assert finding.facts == {"why": "Unavailable", "left": 2}


@pytest.mark.parametrize("status", sorted({*Repair.Status.values} - {"halted"}))
def test_only_one_that_stopped_is_told(status: str) -> None:
    assert not is_told(halted(job(), job(), status=status))


def test_nobody_comes_back_to_it_after_a_week() -> None:
    assert is_told(halted(job(), ago=timedelta(days=6)))
    assert not is_told(halted(job(), ago=timedelta(days=8)))


ACTS: dict[str, Callable[[Job], Any]] = {
    "retried": lambda tried: interventions.retry(tried.pk),
    "discarded": lambda tried: corrections.discard(tried.pk, "The customer called."),
    "deleted": lambda tried: Job.objects.filter(pk=tried.pk).delete(),
    "asked for again": lambda tried: halted(tried, job()),
}


@pytest.mark.parametrize("act", ACTS)
def test_it_ends_when_somebody_acts(act: str) -> None:
    tried = job()
    repair = halted(tried, job())
    assert is_told(repair)

    ACTS[act](tried)

    assert not is_told(repair)


def test_a_repair_of_others_does_not_end_it() -> None:
    repair = halted(job(), job())
    halted(job(), job())
    assert is_told(repair)


def test_whoever_may_repair_leaves_the_rest_with_a_reason(admin_client: Client) -> None:
    repair = halted(job(), job())
    page = f"/admin/console/repair/{repair.pk}/change/"
    assert "Ask for it again" in admin_client.get(page).content.decode()
    leave = f"/admin/console/repair/{repair.pk}/leave/"

    admin_client.post(leave, {"note": "", "confirmed": "1"})
    assert is_told(repair)
    admin_client.post(leave, {"note": "They have all called again.", "confirmed": "1"})

    assert not is_told(repair)
    assert "Ask for it again" not in admin_client.get(page).content.decode()
    assert Repair.objects.get().status == "cancelled"


def test_whoever_only_looks_is_not_asked(staff_with: Callable[..., Client]) -> None:
    repair = halted(job(), job())
    looks = staff_with("console.view_repair", "queues.view_job")

    page = looks.get(f"/admin/console/repair/{repair.pk}/change/").content.decode()

    assert "Ask for it again" not in page and f"{repair.pk}/leave/" not in page
    assert looks.post(f"/admin/console/repair/{repair.pk}/leave/", {"note": "x"}).status_code == 403
    assert Repair.objects.get().status == "halted"
