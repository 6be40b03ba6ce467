"""Profiles of a kind of job: wanted by a row, which the workers take, and kept as rows until they are fetched."""

import json
import zlib
from datetime import timedelta

from django.utils import timezone

from askpro.queues.insight.sampler import Samples
from askpro.queues.models import Profile, ProfiledRun

# The most that one profile may ask for.
MOST_RUNS = 50
LONGEST_RUN = 600.0
LONGEST_WAIT = 24 * 60 * 60.0


def want(actor_name: str, runs: int, seconds: float, wait: float, by: str) -> Profile:
    """Ask for the next `runs` runs that begin within `wait` seconds, each sampled for `seconds` at most.

    Raises `ValueError` when that is more than may be asked for.
    """
    if not (1 <= runs <= MOST_RUNS and 0 < seconds <= LONGEST_RUN and 0 < wait <= LONGEST_WAIT):
        raise ValueError(f"At most {MOST_RUNS} runs of {LONGEST_RUN:.0f} s, begun within a day.")
    until = timezone.now() + timedelta(seconds=wait)
    return Profile.objects.create(actor_name=actor_name, wanted=runs, seconds=seconds, by=by[:150], until=until)


def stacks_of(run: ProfiledRun) -> Samples:
    said = json.loads(zlib.decompress(run.stacks))
    return Samples([(name, file, line) for name, file, line in said["frames"]], said["stacks"], said["weights"])
