"""Profiles: wanted by a row, which the workers take, and kept as rows until they are fetched."""

import json
import zlib
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from django.utils import timezone

from askpro.queues.insight import asking
from askpro.queues.insight.sampler import Frame, Samples
from askpro.queues.models import Profile, ProfiledRun

# The most that one profile may ask for.
MOST_RUNS = 50
LONGEST_RUN = 600.0
LONGEST_WAIT = 24 * 60 * 60.0
# Seconds until the worker of a running job has begun to sample it: it is told within three, if it can be reached.
BEGUN_WITHIN = 10.0
# … and until what it sampled is written, after the last sample.
WRITTEN_WITHIN = 5.0


class Stage(StrEnum):
    """How far the profile of a running job has come."""

    ASKED = "asked"
    SAMPLING = "sampling"
    READY = "ready"
    # Nobody has begun: the run has ended, or its process hangs, or samples another one.
    MISSED = "missed"
    # It was begun, and nothing was written: the process is gone, or cannot reach PostgreSQL.
    LOST = "lost"


def want(actor_name: str, runs: int, seconds: float, wait: float, by: str) -> Profile:
    """Ask for the next `runs` runs that begin within `wait` seconds, each sampled for `seconds` at most.

    Raises `ValueError` when that is more than may be asked for.
    """
    if not (1 <= runs <= MOST_RUNS and 0 < seconds <= LONGEST_RUN and 0 < wait <= LONGEST_WAIT):
        raise ValueError(f"At most {MOST_RUNS} runs of {LONGEST_RUN:.0f} s, begun within a day.")
    until = timezone.now() + timedelta(seconds=wait)
    return Profile.objects.create(actor_name=actor_name, wanted=runs, seconds=seconds, by=by[:150], until=until)


def want_run(job_id: UUID | str, seconds: float, by: str) -> Profile:
    """Ask for a profile of this job's run, which is under way, for `seconds` at most.

    Raises `asking.NotAsked` when it does not run or its host is silent, and `ValueError` when that is too long.
    """
    if not 0 < seconds <= LONGEST_RUN:
        raise ValueError(f"At most {LONGEST_RUN:.0f} s.")
    job, *_ = asking.running(job_id)
    return Profile.objects.create(
        actor_name=job.actor_name,
        job_id=job.pk,
        claim_no=job.claim_no,
        wanted=1,
        seconds=seconds,
        by=by[:150],
        until=timezone.now() + timedelta(seconds=BEGUN_WITHIN),
    )


def stage_of(profile: Profile) -> Stage:
    """How far a profile of one run has come."""
    if profile.runs.exists():
        return Stage.READY
    late = timezone.now() - profile.until
    if not profile.begun:
        return Stage.MISSED if late > timedelta(0) else Stage.ASKED
    return Stage.LOST if late > timedelta(seconds=profile.seconds + WRITTEN_WITHIN) else Stage.SAMPLING


def hottest(samples: Samples, most: int) -> list[tuple[Frame, float]]:
    """Where the time was spent: the innermost frames with their seconds, those with most first."""
    spent: dict[int, float] = {}
    for stack, weight in zip(samples.stacks, samples.weights, strict=True):
        if stack:
            spent[stack[-1]] = spent.get(stack[-1], 0.0) + weight
    found = sorted(spent.items(), key=lambda each: -each[1])[:most]
    return [(samples.frames[number], seconds) for number, seconds in found]


def stacks_of(run: ProfiledRun) -> Samples:
    said = json.loads(zlib.decompress(run.stacks))
    return Samples([(name, file, line) for name, file, line in said["frames"]], said["stacks"], said["weights"])
