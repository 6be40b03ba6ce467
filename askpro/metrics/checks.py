"""Settings of metrics that make no sense: `manage.py check` reports them, with the fix in the message."""

import math
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from askpro.metrics.periods import STEPS

MOST_COMPANIES: Final = 500


@register(Tags.compatibility)
def check_figures(**_: Any) -> list[CheckMessage]:
    """Figures are written, and kept for as long as the settings say."""
    found: list[CheckMessage] = []
    if not (0 <= settings.METRICS_FLUSH_SECONDS < math.inf):
        hint = "Write METRICS_FLUSH_SECONDS as a number of seconds, or 0 to write no figures; the default is 10."
        found.append(Error("METRICS_FLUSH_SECONDS is no number of seconds.", hint=hint, id="metrics.E001"))
    wrong = [f"{name}={days:g}" for name, days in settings.METRICS_DAYS.items() if name not in STEPS or not days > 0]
    if wrong:
        hint = f"Write METRICS_DAYS=minute=2,hour=60,day=400: numbers above 0 of {', '.join(sorted(STEPS))}."
        found.append(Error(f"METRICS_DAYS has {', '.join(wrong)}.", hint=hint, id="metrics.E002"))
    if not 0 <= settings.METRICS_COMPANIES <= MOST_COMPANIES:
        hint = f"Write METRICS_COMPANIES as a number from 0 (none) to {MOST_COMPANIES}: each is series for Prometheus."
        found.append(Error(f"METRICS_COMPANIES is {settings.METRICS_COMPANIES}.", hint=hint, id="metrics.E003"))
    return found
