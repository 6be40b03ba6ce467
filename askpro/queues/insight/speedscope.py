"""Profiled runs as a file for https://www.speedscope.app, in its own format ("sampled", one profile for each run).

https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources
"""

import json
from collections.abc import Sequence
from typing import Any

from askpro.queues.insight.profiles import stacks_of
from askpro.queues.insight.sampler import Frame, Samples
from askpro.queues.models import ProfiledRun

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def file_of(name: str, runs: Sequence[ProfiledRun]) -> str:
    """The file's text; the runs share their frames."""
    numbers: dict[Frame, int] = {}
    profiles = [_profile(f"{run} on {run.host}", stacks_of(run), numbers) for run in runs]
    return json.dumps(
        {
            "$schema": SCHEMA,
            "name": name,
            "exporter": "askpro",
            "activeProfileIndex": 0,
            "shared": {"frames": [_frame(frame) for frame in numbers]},
            "profiles": profiles,
        }
    )


def _profile(name: str, samples: Samples, numbers: dict[Frame, int]) -> dict[str, Any]:
    shared = [numbers.setdefault(frame, len(numbers)) for frame in samples.frames]
    return {
        "type": "sampled",
        "name": name,
        "unit": "seconds",
        "startValue": 0,
        "endValue": samples.seconds,
        "samples": [[shared[number] for number in stack] for stack in samples.stacks],
        "weights": samples.weights,
    }


def _frame(frame: Frame) -> dict[str, Any]:
    name, file, line = frame
    return {"name": name, **({"file": file} if file else {}), **({"line": line} if line else {})}
