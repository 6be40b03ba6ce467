"""A person asks where a running job is and what takes its time, and reads the answers on the same page."""

from typing import Any

import pytest

from askpro.dev.up import process
from askpro.queues.insight import profiler
from askpro.queues.insight.sampler import Samples
from askpro.queues.models import Job, Profile, ProfiledRun, StackRequest, Supervisor, Worker

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FRAMES = ["calls/tasks.py:12 extract", "askpro/queues/jobs/actor.py:53 LedgerActor.__call__"]


def test_the_answer_appears_without_another_page(console: Any, live_server: Any) -> None:
    supervisor = Supervisor.objects.create(host="salt", pid=1, process_started_at=0, environment="testing")
    worker = Worker.objects.create(supervisor=supervisor, pool="all", host="salt", pid=2)
    job = Job.objects.create(
        actor_name="extract_call_data", queue_name="high", status="processing", worker_id=worker.pk, claim_no=1
    )
    console.goto(f"{live_server.url}/admin/queues/job/{job.pk}/change/")
    console.evaluate("window.isStillHere = true")

    console.get_by_role("button", name="Ask", exact=True).click()
    console.get_by_text("Asked its worker").wait_for()
    assert process.wait_until(StackRequest.objects.exists, 5)
    StackRequest.objects.update(status="answered", threads=[{"is_job": True, "frames": FRAMES}])

    console.get_by_text("calls/tasks.py:12 extract").wait_for()
    console.get_by_role("button", name="Ask again").wait_for()

    console.get_by_role("button", name="Sample 5 s").click()
    console.locator("#profile").get_by_text("Asked its worker").wait_for()
    samples = Samples([("wait", "ssl.py", 7)], [[0]], [4.5])
    run = {"job_id": job.pk, "claim_no": 1, "worker_id": 1, "host": "salt", "seconds": 4.5, "samples": 1}
    ProfiledRun.objects.create(profile=Profile.objects.get(), stacks=profiler._packed(samples), **run)

    console.get_by_text("ssl.py:7").wait_for()
    with console.expect_download() as file:
        console.get_by_role("link", name="File for speedscope.app").click()
    assert file.value.suggested_filename.endswith(".speedscope.json")
    assert console.evaluate("window.isStillHere")
