"""Slow runs, who takes most, where a running job is and what takes its time, as people see it."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from askpro.console.models import Deed
from askpro.queues.insight import profiler, profiles
from askpro.queues.insight.sampler import Samples
from askpro.queues.models import Job, Profile, ProfiledRun, RunCost, SlowRun, StackRequest, Supervisor, Worker
from tests.console.world import HOSTILE, World

pytestmark = pytest.mark.django_db


def slow_run(job: Job, **values: Any) -> SlowRun:
    words = {
        "job_id": job.pk,
        "claim_no": 9,
        "actor_name": job.actor_name,
        "queue_name": job.queue_name,
        "worker_id": 1,
        "began_at": timezone.now(),
        "threshold": 5,
        "seconds": 61.5,
        "sql_seconds": 60.0,
        "sql_count": 7,
        "lock_seconds": 55.0,
        "vendor_seconds": 1,
        "vendor_count": 1,
        "cpu_seconds": 0.25,
        "statements": [{"text": f"SELECT {HOSTILE}", "count": 7, "seconds": 60.0, "longest": 59.0}],
        "calls": [{"vendor": "calcom", "route": "POST /v2/x", "result": "ok", "count": 1, "seconds": 1, "longest": 1}],
        **values,
    }
    return SlowRun.objects.create(**words)


@pytest.fixture
def running(db: None) -> Job:
    supervisor = Supervisor.objects.create(host="salt", pid=1, process_started_at=0, environment="testing")
    worker = Worker.objects.create(supervisor=supervisor, pool="all", host="salt", pid=2)
    return Job.objects.create(
        actor_name="extract_call_data", queue_name="high", status="processing", worker_id=worker.pk, claim_no=1
    )


def where(job: Job) -> str:
    return reverse("admin:job_where", args=[job.pk])


def profile_of(job: Job) -> str:
    return reverse("admin:job_profile", args=[job.pk])


class TestSlowRuns:
    def test_its_page_says_what_took_the_time(self, admin_client: Client, running: Job, world: World) -> None:
        row = slow_run(running, company_id=world.companies[0].pk)

        listed = admin_client.get("/admin/queues/slowrun/").content.decode()
        shown = admin_client.get(f"/admin/queues/slowrun/{row.pk}/change/").content.decode()
        of_job = admin_client.get(f"/admin/queues/job/{running.pk}/change/").content.decode()

        assert "1 min 1 s so far" in listed
        assert "Not ended yet" in shown and world.companies[0].name in shown and "POST /v2/x" in shown
        assert "window.hacked" in shown and HOSTILE[:20] not in shown
        assert f"/admin/queues/slowrun/{row.pk}/change/" in of_job

    def test_it_is_found_by_job_and_by_name(self, admin_client: Client, running: Job) -> None:
        slow_run(running)
        for typed, is_found in (
            (str(running.pk), True),
            ("extract", True),
            ("else", False),
            (str(uuid.uuid4()), False),
        ):
            shown = admin_client.get("/admin/queues/slowrun/", {"q": typed}).content.decode()
            assert ("1 min 1 s" in shown) is is_found, typed


class TestTop:
    def test_it_shows_each_kind_of_line_and_names_companies(self, admin_client: Client, world: World) -> None:
        company = world.companies[0]
        hour = timezone.now().replace(minute=0, second=0, microsecond=0)
        sums = {"slow": 1, "sql_seconds": 61, "sql_count": 12, "vendor_seconds": 2}
        RunCost.objects.create(
            hour=hour, actor_name=HOSTILE[:100], queue_name="high", company_id=company.pk, vendor_count=4,
            cpu_seconds=1, **sums
        )  # fmt: skip
        for by, name in (("actor", "window.hacked"), ("queue", "high"), ("company", company.name)):
            shown = admin_client.get(reverse("admin:top"), {"by": by, "range": "1h"}).content.decode()
            assert name in shown and "1 min 1 s" in shown, by
            assert HOSTILE[:20] not in shown
        assert admin_client.get(reverse("admin:top"), {"by": "nonsense", "range": "1 year"}).status_code == 200

    def test_nobody_has_run_yet(self, admin_client: Client) -> None:
        assert "No run in this time" in admin_client.get(reverse("admin:top")).content.decode()

    def test_it_takes_a_right(self, staff_with: Callable[..., Client]) -> None:
        assert staff_with("queues.view_job").get(reverse("admin:top")).status_code == 403
        assert staff_with("queues.view_runcost").get(reverse("admin:top")).status_code == 200


class TestWhereIsIt:
    def test_who_may_asks_and_reads_the_answer_without_another_page(self, admin_client: Client, running: Job) -> None:
        page = f"/admin/queues/job/{running.pk}/change/"
        assert where(running) in admin_client.get(page).content.decode()

        waiting = admin_client.post(where(running)).content.decode()
        asked = StackRequest.objects.get()
        assert f"?request={asked.pk}" in waiting and "<html" not in waiting
        threads = [{"is_job": True, "frames": [f"calls/tasks.py:12 {HOSTILE}"]}, {"is_job": False, "frames": ["a:1 b"]}]
        StackRequest.objects.update(status="answered", threads=threads)
        answer = admin_client.get(f"{where(running)}?request={asked.pk}").content.decode()

        assert "calls/tasks.py:12" in answer and "hx-get" not in answer and "Other threads" in answer
        assert HOSTILE[:20] not in answer
        assert "calls/tasks.py:12" in admin_client.get(page).content.decode()
        assert asked.by == "admin"
        assert LogEntry.objects.get(object_id=str(running.pk)).get_change_message() == "Asked where it is."

    def test_a_reason_ends_the_waiting(self, admin_client: Client, running: Job) -> None:
        admin_client.post(where(running))
        address = f"{where(running)}?request={StackRequest.objects.get().pk}"
        StackRequest.objects.update(at=timezone.now() - timedelta(seconds=4))
        assert "salt has not taken the request" in admin_client.get(address).content.decode()
        StackRequest.objects.update(status="refused", refusal="stopped")
        assert "SIGSTOP" in admin_client.get(address).content.decode()
        Job.objects.update(status="queued")
        assert "It does not run" in admin_client.post(where(running)).content.decode()

    def test_nobody_else_may(self, staff_with: Callable[..., Client], running: Job) -> None:
        looks_only = staff_with("queues.view_job")
        assert where(running) not in looks_only.get(f"/admin/queues/job/{running.pk}/change/").content.decode()
        assert looks_only.post(where(running)).status_code == 403
        assert staff_with("queues.add_stackrequest").post(where(running)).status_code == 403
        assert not StackRequest.objects.exists()

    def test_nonsense_is_no_page(self, admin_client: Client, running: Job) -> None:
        assert admin_client.post(reverse("admin:job_where", args=[uuid.uuid4()])).status_code == 404
        for request in ("", "x", "999999999999999999999999", "1"):
            assert admin_client.get(where(running), {"request": request}).status_code == 404
        assert admin_client.delete(where(running)).status_code == 405


class TestProfiles:
    """What takes a running job's time: asked for on its page, and read there."""

    STACKS = Samples([(f"slow {HOSTILE}", "calls/tasks.py", 12), ("wait", "ssl.py", 7)], [[0], [0, 1]], [1.0, 3.5])

    @pytest.fixture
    def sampled(self, running: Job) -> ProfiledRun:
        profile = profiles.want_run(running.pk, 5, "admin")
        run = {"job_id": running.pk, "claim_no": 1, "worker_id": 1, "host": "salt", "seconds": 4.5, "samples": 2}
        return ProfiledRun.objects.create(profile=profile, stacks=profiler._packed(self.STACKS), **run)

    def test_who_may_asks_and_reads_it_without_another_page(self, admin_client: Client, running: Job) -> None:
        page, address = f"/admin/queues/job/{running.pk}/change/", profile_of(running)
        assert "Sample 30 s" in admin_client.get(page).content.decode()

        waiting = admin_client.post(address, {"seconds": "30"}).content.decode()
        profile = Profile.objects.get()
        assert (profile.job_id, profile.claim_no, profile.seconds, profile.by) == (running.pk, 1, 30.0, "admin")
        assert f'hx-get="{address}?request={profile.pk}"' in waiting and "<html" not in waiting
        Profile.objects.update(begun=1)
        assert "samples it for 30 s" in admin_client.get(address, {"request": profile.pk}).content.decode()
        assert LogEntry.objects.get(object_id=str(running.pk)).get_change_message() == "Asked what takes its time."
        deed = Deed.objects.get(act="profile", object_id=str(running.pk))
        assert (str(deed.user), deed.after) == ("admin", {"seconds": 30})

    def test_it_shows_the_lines_and_has_the_file_also_after_the_end(
        self, admin_client: Client, running: Job, sampled: ProfiledRun
    ) -> None:
        Job.objects.update(status="completed")
        shown = admin_client.get(f"/admin/queues/job/{running.pk}/change/").content.decode()
        part = admin_client.get(profile_of(running), {"request": sampled.profile_id}).content.decode()
        file = admin_client.get(f"{profile_of(running)}file/", {"request": sampled.profile_id})

        for page in (shown, part):
            assert page.index("ssl.py:7") < page.index("calls/tasks.py:12")
            assert "3.50" in page and HOSTILE[:20] not in page and "Sample 30 s" not in page
            assert "hx-get" not in part
        assert "attachment" in file["Content-Disposition"] and "no-store" in file["Cache-Control"]
        assert json.loads(file.content)["profiles"][0]["endValue"] == 4.5

    @pytest.mark.parametrize(
        ("begun", "until", "said"),
        [(0, -1, "has not begun"), (1, -999, "was not written"), (0, 9, "Asked its worker"), (1, 0, "samples it for")],
    )
    def test_it_says_how_far_it_has_come(
        self, admin_client: Client, running: Job, begun: int, until: int, said: str
    ) -> None:
        number = profiles.want_run(running.pk, 5, "").pk
        Profile.objects.update(begun=begun, until=timezone.now() + timedelta(seconds=until))
        answer = admin_client.get(profile_of(running), {"request": number}).content.decode()
        assert said in answer and ("hx-get" in answer) is (until >= 0)

    def test_a_job_that_does_not_run_is_not_asked_for(self, admin_client: Client, running: Job) -> None:
        Job.objects.update(status="queued")
        assert profile_of(running) not in admin_client.get(f"/admin/queues/job/{running.pk}/change/").content.decode()
        assert "It does not run" in admin_client.post(profile_of(running), {"seconds": "5"}).content.decode()
        assert not Profile.objects.exists()

    def test_nobody_else_may(self, staff_with: Callable[..., Client], running: Job, sampled: ProfiledRun) -> None:
        looks_only, asked = staff_with("queues.view_job"), {"request": sampled.profile_id}
        assert profile_of(running) not in looks_only.get(f"/admin/queues/job/{running.pk}/change/").content.decode()
        assert looks_only.post(profile_of(running), {"seconds": "5"}).status_code == 403
        for address in (profile_of(running), f"{profile_of(running)}file/"):
            assert looks_only.get(address, asked).status_code == 403
        assert staff_with("queues.add_profile").get(profile_of(running), asked).status_code == 403

    def test_nonsense_is_no_page(self, admin_client: Client, running: Job, sampled: ProfiledRun) -> None:
        other = Job.objects.create(actor_name="x", queue_name="high", status="processing")
        for job, number in ((running, ""), (running, "x"), (running, "9" * 30), (other, sampled.profile_id)):
            for address in (profile_of(job), f"{profile_of(job)}file/"):
                assert admin_client.get(address, {"request": number}).status_code == 404
        for seconds in ("", "x", "7", "99999999", "nan"):
            assert admin_client.post(profile_of(running), {"seconds": seconds}).status_code == 400
        assert admin_client.delete(profile_of(running)).status_code == 405
