"""The hours in which warnings wait: ALERT_QUIET_HOURS, "22:00-07:00" by the installation's clock."""

import re
from datetime import datetime, time

from django.conf import settings
from django.utils import timezone


def is_quiet(now: datetime) -> bool:
    hours = quiet_hours(settings.ALERT_QUIET_HOURS)
    if hours is None:
        return False
    starts, ends = hours
    clock = timezone.localtime(now).time()
    return starts <= clock < ends if starts <= ends else clock >= starts or clock < ends


def quiet_hours(text: str) -> tuple[time, time] | None:
    """Begin and end; None without quiet hours. Raises `ValueError`."""
    if not text.strip():
        return None
    if not (found := re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d)", text.strip())):
        raise ValueError(f"{text!r} are no hours")
    starts, ends = (time.fromisoformat(each) for each in found.groups())
    return starts, ends
