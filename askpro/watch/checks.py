"""Wrong settings of the watch, told by `manage.py check` with their fix."""

from difflib import get_close_matches
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from askpro.watch.conditions.registry import threshold_names


@register(Tags.compatibility)
def check_thresholds(**_: Any) -> list[CheckMessage]:
    """WATCH_THRESHOLDS names thresholds that exist, and gives numbers."""
    known = threshold_names()
    return [
        *(_unknown(name, known) for name in settings.WATCH_THRESHOLDS if name not in known),
        *(
            Error(f"WATCH_THRESHOLDS: {name} is not a number.", hint="Write a number.", id="watch.E002")
            for name, value in settings.WATCH_THRESHOLDS.items()
            if isinstance(value, bool) or not isinstance(value, int | float)
        ),
    ]


def _unknown(name: str, known: set[str]) -> CheckMessage:
    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else "docs/watch.md has all of them."
    return Error(f"WATCH_THRESHOLDS: there is no threshold {name}.", hint=hint, id="watch.E001")
