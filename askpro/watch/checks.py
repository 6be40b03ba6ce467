"""Wrong settings of the watch, told by `manage.py check` with their fix."""

import re
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from askpro.watch.channels.names import Channel, configured
from askpro.watch.conditions.registry import threshold_names
from askpro.watch.quiet import quiet_hours

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
EXAMPLE = "deploy/env.example"


@register(Tags.compatibility)
def check_thresholds(**_: Any) -> list[CheckMessage]:
    """WATCH_THRESHOLDS names thresholds that exist, and gives numbers."""
    if not isinstance(settings.WATCH_THRESHOLDS, dict):
        hint = """Write '{"condition.threshold": number}'."""
        return [Error("WATCH_THRESHOLDS is no JSON object.", hint=hint, id="watch.E002")]
    known = threshold_names()
    return [
        *(_unknown(name, known) for name in settings.WATCH_THRESHOLDS if name not in known),
        *(
            Error(f"WATCH_THRESHOLDS: {name} is not a number.", hint="Write a number.", id="watch.E002")
            for name, value in settings.WATCH_THRESHOLDS.items()
            if isinstance(value, bool) or not isinstance(value, int | float)
        ),
    ]


@register(Tags.compatibility)
def check_quiet_hours(**_: Any) -> list[CheckMessage]:
    """ALERT_QUIET_HOURS can be read."""
    try:
        quiet_hours(settings.ALERT_QUIET_HOURS)
    except ValueError:
        hint = "Write ALERT_QUIET_HOURS=22:00-07:00, or leave it empty for none."
        return [Error("ALERT_QUIET_HOURS cannot be read.", hint=hint, id="watch.E003")]
    return []


@register(Tags.compatibility)
def check_recipients(**_: Any) -> list[CheckMessage]:
    """What is entered for a channel can be used; the entries themselves are not quoted."""
    found: list[CheckMessage] = []
    for name in ("ALERT_EMAILS", "ALERT_ESCALATION_EMAILS"):
        if wrong := [each for each in getattr(settings, name) if not _is_address(each)]:
            hint = "Write addresses alone, separated by commas."
            found.append(Error(f"{name} has entries that are no addresses: {len(wrong)}.", hint=hint, id="watch.E004"))
    if wrong := [each for each in settings.ALERT_SMS_TO if not E164.fullmatch(each)]:
        hint = "Write numbers as +4915112345678, separated by commas."
        found.append(Error(f"ALERT_SMS_TO has entries that are no numbers: {len(wrong)}.", hint=hint, id="watch.E005"))
    if settings.ALERT_SLACK_URL and not _is_url(settings.ALERT_SLACK_URL):
        hint = "Write the whole address of the incoming webhook: https://…"
        found.append(Error("ALERT_SLACK_URL is no address.", hint=hint, id="watch.E006"))
    if settings.ALERT_SMS_TO and not (settings.ALERT_SMS_FROM or settings.TWILIO_MESSAGING_SERVICE_SID):
        hint = f"Set ALERT_SMS_FROM or TWILIO_MESSAGING_SERVICE_SID ({EXAMPLE})."
        found.append(Error("ALERT_SMS_TO is set, but no sender is.", hint=hint, id="watch.E007"))
    return found


@register(Tags.security, deploy=True)
def check_channels(**_: Any) -> list[CheckMessage]:
    """Somebody is told, by more than one way: a mail server that fails cannot tell that it does."""
    channels = set(configured()) - {Channel.ESCALATION}
    if not channels:
        hint = f"Set OPS_EMAILS, ALERT_SLACK_URL or ALERT_SMS_TO ({EXAMPLE})."
        return [Error("No channel is configured: alerts reach nobody.", hint=hint, id="watch.E008")]
    if len(channels) == 1:
        hint = f"Set another one of ALERT_EMAILS, ALERT_SLACK_URL and ALERT_SMS_TO ({EXAMPLE})."
        said = f"Alerts have one channel only ({channels.pop()}): that it fails would be told to nobody."
        return [Warning(said, hint=hint, id="watch.W001")]
    return []


def _unknown(name: str, known: set[str]) -> CheckMessage:
    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else "python3 manage.py incidents conditions lists them."
    return Error(f"WATCH_THRESHOLDS: there is no threshold {name}.", hint=hint, id="watch.E001")


def _is_address(address: str) -> bool:
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
