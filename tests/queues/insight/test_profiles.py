"""A profile of the next runs of a kind of job, or of one that is under way, as a file that speedscope reads."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jsonschema
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from askpro.queues.insight import asking, profiler, profiles, speedscope
from askpro.queues.insight.observer import Observer
from askpro.queues.insight.profiler import Profiler
from askpro.queues.insight.profiles import Stage
from askpro.queues.insight.sampler import Sampler, Samples
from askpro.queues.ledger.claim import Claim
from askpro.queues.models import Job, Profile, ProfiledRun, SlowRun, Supervisor, Worker
from askpro.queues.processes.annex import Annex
from tests.queues import hostile
from tests.queues.queues_run import wait_until
from tests.queues.supervised import Supervise, count

pytestmark = [pytest.mark.django_db(transaction=True)]

# What https://www.speedscope.app/file-format-schema.json says of sampled profiles, and that nothing else is in them.
NUMBER, TEXT = {"type": "number"}, {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}


def _exactly(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": [*required],
        "additionalProperties": False,
    }


def _many(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


SAMPLED = _exactly(
    {
        "type": {"const": "sampled"},
        "name": TEXT,
        "unit": {"enum": ["none", "nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"]},
        "startValue": NUMBER,
        "endValue": NUMBER,
        "samples": _many(_many(COUNT)),
        "weights": _many(NUMBER),
    }
)
SCHEMA = _exactly(
    {
        "$schema": {"const": "https://www.speedscope.app/file-format-schema.json"},
        "shared": _exactly({"frames": _many(_exactly({"name": TEXT}, file=TEXT, line=COUNT, col=COUNT))}),
        "profiles": _many(SAMPLED),
    },
    name=TEXT,
    activeProfileIndex=COUNT,
    exporter=TEXT,
)


def claim(name: str = "works_and_waits") -> Claim:
    return Claim(str(uuid4()), name, "default", [], {}, {}, 1, 0, 0, 0, False, 0, None)


def busy(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(100))


def checked(text: str) -> dict[str, Any]:
    """The file, valid by speedscope's schema and by what its importer expects beyond it."""
    said: dict[str, Any] = json.loads(text)
    jsonschema.validate(said, SCHEMA)
    for profile in said["profiles"]:
        assert len(profile["samples"]) == len(profile["weights"])
        assert max((max(stack, default=0) for stack in profile["samples"]), default=0) < len(said["shared"]["frames"])
    return said


class TestTheSampler:
    def test_it_sees_where_a_thread_spends_its_time_and_nothing_of_values(self):
        sampler = Sampler(threading.get_ident(), 5.0)
        sampler.start()
        busy(0.15)
        samples = sampler.stop()

        names = {samples.frames[number][0] for stack in samples.stacks for number in stack}
        assert "busy" in names
        assert 0.05 < samples.seconds < 1.0
        assert all(set(map(type, frame)) == {str, int} for frame in samples.frames)

    def test_it_ends_by_itself(self):
        sampler = Sampler(threading.get_ident(), 0.02)
        sampler.start()
        sampler.join(10)
        assert not sampler.is_alive()

    def test_it_is_bounded_however_deep_and_different_the_stacks_are(self, monkeypatch):
        monkeypatch.setattr("askpro.queues.insight.sampler.MOST_FRAMES", 5)
        monkeypatch.setattr("askpro.queues.insight.sampler.MOST_SAMPLES", 2)
        sampler = Sampler(threading.get_ident(), 5.0)
        for _ in range(9):
            exec("sampler._take(0.1)\n" * 3)
        assert len(sampler.samples.frames) <= 6 and len(sampler.samples.stacks) <= 2
        assert sampler.samples.seconds == pytest.approx(2.7)


class TestWhoIsSampled:
    def test_only_the_wanted_kind_and_only_so_many_runs(self, database):
        profile = profiles.want("works_and_waits", 2, 5.0, 60.0, "somebody")
        worker = Profiler(17, database)
        worker.look(0)
        for number in range(3):
            for name in ("nothing", "works_and_waits"):
                run = claim(name)
                worker.begin(run)
                busy(0.03)
                worker.end(run)
            assert bool(worker.wanted) is (number < 2), "after its last run, nobody is asked any more"
        worker.write()
        assert profile.runs.count() == 2 and Profile.objects.get().begun == 2
        assert all(run.samples and run.worker_id == 17 for run in profile.runs.all())

    def test_two_processes_share_the_runs_and_one_thread_at_a_time_is_sampled(self, database):
        profiles.want("works_and_waits", 3, 5.0, 60.0, "somebody")
        first, second = Profiler(1, database), Profiler(2, database)
        runs = [(worker, claim()) for worker in (first, first, second)]
        for worker, run in runs:
            worker.look(0)
            worker.begin(run)
        for worker, run in runs:
            worker.end(run)
            worker.write()
        assert sorted(ProfiledRun.objects.values_list("worker_id", flat=True)) == [1, 2]

    def test_postgresql_is_asked_again_only_when_the_process_was_called(self, database):
        worker = Profiler(17, database)
        worker.look(0)
        profiles.want("works_and_waits", 1, 5.0, 60.0, "somebody")
        worker.look(0)
        assert not worker.wanted
        worker.look(1)
        assert list(worker.wanted) == ["works_and_waits"]

    def test_after_its_time_no_run_is_begun(self, database):
        profiles.want("works_and_waits", 1, 5.0, 60.0, "somebody")
        worker = Profiler(17, database)
        worker.look(0)
        Profile.objects.update(until="2020-01-01T00:00Z")
        worker.begin(claim())
        assert Profile.objects.get().begun == 0 and not worker.wanted

    def test_what_is_too_much_is_refused(self):
        for runs, seconds, wait in ((0, 1, 1), (1000, 1, 1), (1, 1e9, 1), (1, 1, 1e9)):
            with pytest.raises(ValueError, match="At most"):
                profiles.want("works_and_waits", runs, seconds, wait, "")


class TestARunningJob:
    """A run that is under way when somebody asks: its worker joins it at its next look."""

    @pytest.fixture
    def job(self) -> Job:
        supervisor = Supervisor.objects.create(
            host="salt", pid=1, process_started_at=0, environment="testing", status="running"
        )
        worker = Worker.objects.create(supervisor=supervisor, pool="all", host="salt", pid=2)
        return Job.objects.create(
            actor_name="works_and_waits", queue_name="default", status="processing", worker_id=worker.pk, claim_no=3
        )

    @contextmanager
    def under_way(self, job: Job, claim_no: int = 3) -> Iterator[Claim]:
        """The run, in a thread of its own that is busy until the block ends."""
        over, mine = threading.Event(), replace(claim(), id=str(job.pk), claim_no=claim_no)

        def run() -> None:
            mine.started, mine.thread_id = time.monotonic(), threading.get_ident()
            while not over.is_set():
                busy(0.01)

        thread = threading.Thread(target=run)
        thread.start()
        assert wait_until(lambda: mine.thread_id, 5)
        try:
            yield mine
        finally:
            over.set()
            thread.join()

    def test_it_is_sampled_while_it_runs_and_kept_before_it_ends(self, database, job):
        annex = Annex(1)
        worker = Observer(job.worker_id, database, annex)
        with self.under_way(job) as mine:
            worker.look([mine])
            profile = profiles.want_run(job.pk, 0.1, "somebody")
            assert profiles.stage_of(profile) == Stage.ASKED
            annex.call()
            worker.look([mine])
            profile.refresh_from_db()
            assert profiles.stage_of(profile) == Stage.SAMPLING
            time.sleep(0.3)
            worker.look([mine])

        assert profiles.stage_of(profile) == Stage.READY
        (run,) = profile.runs.all()
        assert (run.job_id, run.claim_no, run.worker_id) == (job.pk, 3, job.worker_id)
        samples = profiles.stacks_of(run)
        assert "busy" in {frame[0] for frame in samples.frames}
        (frame, seconds), *_ = profiles.hottest(samples, 3)
        assert frame[0] == "busy" and 0 < seconds <= samples.seconds
        worker.look([mine])
        assert profile.runs.count() == 1

    def test_another_run_of_that_kind_is_left_alone(self, database, job):
        profile, worker = profiles.want_run(job.pk, 5.0, ""), Profiler(1, database)
        with self.under_way(job, claim_no=2) as earlier:
            worker.look(0)
            worker.begin(claim())
            worker.join([earlier, claim()])
        profile.refresh_from_db()
        assert not profile.begun and not worker.wanted

    def test_nothing_is_sampled_of_what_its_thread_does_next(self, database, job):
        profiles.want_run(job.pk, 5.0, "")
        worker = Profiler(1, database)
        with self.under_way(job) as mine:
            worker.look(0)
            worker.join([mine])
            # It ends; its thread is busy with something else.
            mine.thread_id = 0
            time.sleep(0.05)
            had = len(worker._sampling.sampler.samples.stacks)
            time.sleep(0.1)
            assert len(worker._sampling.sampler.samples.stacks) == had
            worker.join([])
        worker.write()
        assert ProfiledRun.objects.get().samples == had

    def test_its_end_ends_the_sampling(self, database, job):
        profiles.want_run(job.pk, 60.0, "")
        worker = Observer(1, database, Annex(1))
        with self.under_way(job) as mine:
            worker.look([mine])
            time.sleep(0.1)
        worker.ended(mine, "")
        worker.look([])
        assert ProfiledRun.objects.get().seconds < 5

    def test_what_does_not_run_is_not_asked_for(self, job):
        for seconds in (0, -1, 601, float("nan")):
            with pytest.raises(ValueError, match="At most"):
                profiles.want_run(job.pk, seconds, "")
        Job.objects.update(status="queued", worker_id=None)
        with pytest.raises(asking.NotAsked, match="does not run"):
            profiles.want_run(job.pk, 1.0, "")
        assert not Profile.objects.exists()

    def test_what_comes_of_nothing_is_told(self, job):
        profile = profiles.want_run(job.pk, 30.0, "")
        profile.until = timezone.now() - timedelta(seconds=1)
        assert profiles.stage_of(profile) == Stage.MISSED
        profile.begun = 1
        assert profiles.stage_of(profile) == Stage.SAMPLING
        profile.until -= timedelta(seconds=60)
        assert profiles.stage_of(profile) == Stage.LOST


def test_a_run_that_takes_too_much_room_keeps_its_beginning(monkeypatch):
    samples = Samples([("f", "f.py", 1)], [[number, 299 - number] for number in range(300)], [0.01] * 300)
    largest = len(profiler._packed(samples)) // 2
    monkeypatch.setattr(profiler, "LARGEST", largest)
    packed = profiler._packed(samples)
    kept = profiles.stacks_of(ProfiledRun(stacks=packed))
    assert len(packed) <= largest
    assert 0 < len(kept.stacks) < 300 and kept.stacks == samples.stacks[: len(kept.stacks)]


def test_nobody_ran_it_in_time(tmp_path):
    with pytest.raises(CommandError, match="No run of nothing was sampled"):
        call_command("queues_profile", "nothing", "--wait", "0.1", "--seconds", "0.1", "--output", str(tmp_path / "x"))


@pytest.mark.xdist_group("processes")
def test_a_real_slow_run_in_another_process_is_logged_and_told_as_a_file(supervise: Supervise, tmp_path: Path) -> None:
    supervise({"all": {"queues": ["default"], "processes": 1}})
    hostile.works_and_waits.send(0.01)
    assert wait_until(lambda: count(status="completed") == 1, 10)
    file = tmp_path / "file.json"

    asked = threading.Thread(
        target=call_command, args=("queues_profile", "works_and_waits", "--wait", "20", "--output", str(file))
    )
    asked.start()
    assert wait_until(Profile.objects.exists, 10)
    time.sleep(2.8)  # the chores look twice a second, an idle worker every other one
    hostile.works_and_waits.send(0.6)
    asked.join(25)
    assert wait_until(SlowRun.objects.exclude(finished_at=None).exists, 10)
    row = SlowRun.objects.get()
    assert [told["text"] for told in row.statements] == ["SELECT pg_sleep(%s)"]
    assert 0.25 < row.sql_seconds < row.seconds and 0.05 < row.cpu_seconds < row.seconds - row.sql_seconds + 0.05

    said = checked(file.read_text("utf-8"))
    frames = said["shared"]["frames"]
    (profile,) = said["profiles"]
    shares: dict[str, float] = {}
    for stack, weight in zip(profile["samples"], profile["weights"], strict=True):
        for name in {frames[number]["name"] for number in stack}:
            shares[name] = shares.get(name, 0.0) + weight
    assert shares["works_and_waits"] > 0.4
    assert 0.1 < shares["CursorWrapper.execute"] < shares["works_and_waits"]
    assert any(frame.get("file") == "tests/queues/hostile.py" for frame in frames)
    assert said["$schema"] == speedscope.SCHEMA
