"""Where a running job is: asked in one process, answered by the one that runs it."""

import io
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from askpro.queues.insight import asking, sessions, stacks
from askpro.queues.insight.frames import MOST_FRAMES, threads_of
from askpro.queues.insight.own_process import OwnProcess
from askpro.queues.ledger.claim import Claim
from askpro.queues.models import Job, StackRequest, Supervisor, Worker
from askpro.queues.processes.annex import Annex
from tests.queues import actors, hostile
from tests.queues.queues_run import seconds_until, wait_until
from tests.queues.supervised import Supervise

pytestmark = [pytest.mark.django_db(transaction=True)]

FIELDS = ("", "nothing", "default", [], {}, {}, 1, 0, 0, 0, False, 0, None)
WRITTEN = """Thread 0x00007f0000000001 (most recent call first):
  File "/usr/lib/python3.11/threading.py", line 324 in wait
  File "/srv/askpro/queues/worker/interrupts.py", line 40 in run

Current thread 0x00007f0000000002 (most recent call first):
  File "{base}/calls/tasks.py", line 12 in process
  File "{base}/askpro/queues/jobs/actor.py", line 53 in __call__
  File "<frozen runpy>", line 88 in _run_code

Thread 0x00007f0000000003 (most recent call first):
  <no Python frame>
"""


def stack(job_id: str, *options: str) -> str:
    said = io.StringIO()
    call_command("queues_stack", job_id, *options, stdout=said, stderr=said)
    return said.getvalue()


def unanswered(job_id: str) -> str:
    said = io.StringIO()
    with pytest.raises(SystemExit, match="2"):
        call_command("queues_stack", job_id, "--wait", "10", stdout=said, stderr=said)
    return said.getvalue()


class TestReading:
    def test_the_jobs_thread_comes_first_and_paths_begin_with_their_package(self, settings):
        text = WRITTEN.format(base=settings.BASE_DIR)
        first, *others = threads_of(text, 0x00007F0000000002)
        assert first.is_job and not any(thread.is_job for thread in others)
        assert first.frames == [
            "calls/tasks.py:12 process",
            "askpro/queues/jobs/actor.py:53 __call__",
            "<frozen runpy>:88 _run_code",
        ]
        assert len(others) == 2

    def test_where_the_thread_is_not_known_each_that_runs_a_job_counts(self, settings):
        first, *others = threads_of(WRITTEN.format(base=settings.BASE_DIR), 0)
        assert first.is_job and first.frames[0] == "calls/tasks.py:12 process"
        assert not any(thread.is_job for thread in others)

    def test_nonsense_is_no_stack_and_a_deep_one_is_cut(self):
        assert threads_of("\x00nonsense\n  File", 1) == []
        torn = threads_of('Thread 0x1 (most recent call first):\n  File "\x00a.py", line 1 in f', 1)
        assert torn[0].frames == ["\ufffda.py:1 f"]
        deep = "Thread 0x1 (most recent call first):\n" + '  File "a.py", line 1 in f\n' * 1000
        assert len(threads_of(deep, 1)[0].frames) == MOST_FRAMES


class TestWhoCannotBeAsked:
    def test_a_job_that_does_not_run(self):
        job = actors.nothing.send(1)
        with pytest.raises(CommandError, match="ready to run"):
            stack(job.message_id)
        with pytest.raises(CommandError, match="no such job"):
            stack(str(uuid4()))

    def test_a_host_that_is_silent(self):
        job = actors.nothing.send(1)
        supervisor = Supervisor.objects.create(host="salt", pid=1, process_started_at=0, environment="testing")
        worker = Worker.objects.create(supervisor=supervisor, pool="all", host="salt", pid=2)
        Job.objects.filter(pk=job.message_id).update(status="processing", worker_id=worker.pk, claim_no=1)

        request = asking.ask(job.message_id, "somebody")
        asking.wait(request, 0.1)
        assert "salt has not taken the request" in asking.why_not(request)
        Supervisor.objects.update(beat_at="2020-01-01T00:00Z")
        with pytest.raises(asking.NotAsked, match="salt, has been silent"):
            asking.ask(job.message_id, "somebody")
        Supervisor.objects.update(status="dead")
        with pytest.raises(asking.NotAsked, match="worker is gone"):
            asking.ask(job.message_id, "somebody")


class TestRequests:
    def test_each_is_taken_once_by_its_own_supervisor_and_an_old_one_by_nobody(self, database):
        new, old, other = (
            StackRequest.objects.create(job_id=uuid4(), claim_no=1, worker_id=5, supervisor_id=supervisor)
            for supervisor in (1, 1, 2)
        )
        StackRequest.objects.filter(pk=old.pk).update(at="2020-01-01T00:00Z")
        assert [asked.number for asked in stacks.take(database, 1)] == [new.pk]
        assert stacks.take(database, 1) == []
        assert [asked.number for asked in stacks.take(database, 2)] == [other.pk]

    def test_what_ended_before_it_was_looked_at_is_not_called_waiting(self, database):
        request = StackRequest.objects.create(job_id=uuid4(), claim_no=1, worker_id=5, supervisor_id=1)
        stacks.take(database, 1)
        stacks.refuse(database, request.pk, "not_started")
        stacks.answer(database, request.pk, "Thread 0x1 (most recent call first):", 1)
        request.refresh_from_db()
        assert (request.status, request.refusal, request.threads) == ("refused", "over", [])


def test_a_worker_without_a_forker_answers_by_itself(database):
    mine, gone = Claim(*FIELDS), Claim(*FIELDS)
    mine.id, gone.id = str(uuid4()), str(uuid4())
    mine.thread_id = threading.get_ident()
    asked = [
        StackRequest.objects.create(job_id=claim.id, claim_no=1, worker_id=5, supervisor_id=1) for claim in (mine, gone)
    ]
    annex = Annex(1)
    own = OwnProcess(database, 1, lambda: [mine], annex)
    own.look()

    answered, refused = (StackRequest.objects.get(pk=each.pk) for each in asked)
    assert answered.status == "answered"
    assert any("test_a_worker_without_a_forker" in frame for frame in answered.threads[0]["frames"])
    assert (refused.status, refused.refusal) == ("refused", "over")
    own.look()
    assert annex.calls == 1


def test_it_says_who_holds_what_a_statement_waits_for():
    with connection.cursor() as cursor:
        cursor.execute("SET application_name = 'askpro worker 4710'")
        cursor.execute("SELECT pg_advisory_lock(4712)")

    def wait_for_it() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET application_name = 'askpro worker 4711'")
            cursor.execute("SELECT pg_advisory_lock(4712), 'Anna Muster'")
        connection.close()

    thread = threading.Thread(target=wait_for_it)
    thread.start()
    assert wait_until(lambda: any(each.held_by for each in sessions.busy(4711)), 5)
    (session,) = sessions.busy(4711)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(4712)")
        cursor.execute("RESET application_name")
    thread.join()

    assert str(session).endswith(" s waits for Lock (advisory), held by askpro worker 4710")
    assert sessions.busy(4711) == []


@pytest.mark.xdist_group("processes")
def test_a_hanging_job_shows_where_it_is_even_in_c_code_and_a_stopped_one_says_why_not(
    supervise: Supervise, effects: Callable[[], list[str]], tmp_path: Path
) -> None:
    queues = supervise({"all": {"queues": ["default"], "processes": 2}})
    waiting = hostile.lasts_until_there_is.send(str(tmp_path / "end"), "waiting")
    looping = hostile.loops_in_c_for_long.send("looping")
    seconds_until(lambda: {"waiting began", "looping began"} <= set(effects()), 10)

    took = seconds_until(lambda: "tests/queues/hostile.py" in stack(waiting.message_id, "--wait", "10"), 10)
    said = stack(looping.message_id, "--wait", "10", "--all")
    print(f"\na stack within {took:.1f} s")

    frame = said.partition("The job\n")[2].splitlines()[0]
    assert frame.startswith("  tests/queues/hostile.py:") and "loops_in_c" in frame
    assert "Thread 2" in said and "interrupts.py" in said
    again = stack(waiting.message_id, "--wait", "10")
    assert "lasts_until_there_is" in again and "loops_in_c" not in again and "Thread" not in again
    assert str(tmp_path) not in again + said, "no values"

    worker = Worker.objects.get(pk=Job.objects.get(pk=waiting.message_id).worker_id)
    assert worker.pid in queues.workers()
    os.kill(worker.pid, signal.SIGSTOP)
    assert "SIGSTOP" in unanswered(waiting.message_id)
