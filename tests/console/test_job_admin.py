"""The list of jobs."""

import pytest
from django.test import Client
from django.urls import reverse

from askpro.queues.models import AttemptRow, Job
from askpro.queues.testing import run_jobs
from tests.queues import actors

pytestmark = pytest.mark.django_db


@pytest.fixture
def jobs() -> dict[str, Job]:
    """One job of each kind, by what became of it."""
    actors.ticks.send()
    actors.ticks.send(fails=True)
    actors.nothing.send(1)
    run_jobs()
    actors.ticks.send_with_options(delay=60_000)
    silent = {job.status: job for job in Job.objects.filter(silenced=True)}
    return {**silent, "loud": Job.objects.get(silenced=False)}


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("", {"dead", "scheduled", "loud"}),
        ("?status__exact=completed", {"loud"}),
        ("?silenced=shown", {"completed", "dead", "scheduled", "loud"}),
        ("?silenced=only", {"completed", "dead", "scheduled"}),
        ("?q=ticks", {"completed", "dead", "scheduled"}),
    ],
)
def test_silenced_jobs_are_left_out_once_they_have_finished(
    admin_client: Client, jobs: dict[str, Job], asked: str, shown: set[str]
) -> None:
    page = admin_client.get(reverse("admin:queues_job_changelist") + asked)
    assert {job.pk for job in page.context["cl"].result_list} == {jobs[name].pk for name in shown}


def test_the_page_shows_what_an_attempt_said_and_how_far_it_came(admin_client: Client) -> None:
    actors.talks.send()
    run_jobs()
    job = Job.objects.get()
    AttemptRow.objects.update(progress_done=3, progress_total=10, log="10:00:00 <script>eins</script>\n")
    page = admin_client.get(reverse("admin:queues_job_change", args=[job.pk])).content.decode()
    assert "&lt;script&gt;eins" in page
    assert "3 of 10" in page


def test_it_lists_the_jobs_of_a_queue_that_only_another_release_declares(
    admin_client: Client, jobs: dict[str, Job]
) -> None:
    waiting = jobs["scheduled"]
    Job.objects.filter(pk=waiting.pk).update(queue_name="of_v2")

    shown = admin_client.get("/admin/queues/job/", {"queue": "of_v2"}).context["cl"].result_list

    assert [row.pk for row in shown] == [waiting.pk]
