"""An incoming webhook as Slack has them (Mattermost, Rocket.Chat and others speak the same): {"text": …}."""

from django.conf import settings

from askpro.watch.channels import web
from askpro.watch.conditions.base import Severity
from askpro.watch.models import Notice

# Slack cuts a text at 40,000 characters, and asks for no more than 4,000.
LONGEST = 4000
_MARKS = {Severity.CRITICAL: ":red_circle:", Severity.WARNING: ":large_yellow_circle:"}


def send(notice: Notice) -> None:
    """Raises `ChannelError`."""
    web.post(settings.ALERT_SLACK_URL, json={"text": text(notice)})


def text(notice: Notice) -> str:
    mark = ":white_check_mark:" if notice.kind == Notice.Kind.OVER else _MARKS[Severity(notice.severity)]
    return _escaped(f"{mark} *{notice.subject}*\n```{notice.text}")[: LONGEST - 3] + "```"


def _escaped(words: str) -> str:
    """Slack's three control characters (https://api.slack.com/reference/surfaces/formatting#escaping)."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
