"""Tells operators of accounts at Retell that could not be read for long: calls may be missing meanwhile."""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone

from webhooks.models import RetellReading
from webhooks.net.accounts import all_accounts, is_replaced

log = logging.getLogger(__name__)

LONGEST: Final = timedelta(hours=1)


def warn() -> int:
    """Mail OPS_EMAILS the accounts that were not read completely for an hour, straight and once until they are read
    again; returns how many there are.
    """
    unread = [reading for reading in _unread(timezone.now()) if reading.told_at is None]
    if unread and settings.OPS_EMAILS:
        subject = f"{settings.EMAIL_SUBJECT_PREFIX}Retell is not read"
        advice = "Calls whose webhooks are lost stay lost meanwhile. The failed jobs say why:"
        link = f"{settings.CONSOLE_URL}/webhooks/retellreading/"
        send_mail(subject, "\n".join([*map(_line, unread), "", advice, link]), None, settings.OPS_EMAILS)
    for reading in unread:
        log.error("%s", _line(reading))
        reading.note_told()
    return len(unread)


def _unread(now: datetime) -> list[RetellReading]:
    readings = [account.reading() for account in all_accounts()]
    late = [reading for reading in readings if (reading.finished_at or reading.began_at) < now - LONGEST]
    return [reading for reading in late if reading.refused_at is None or not is_replaced(reading)]


def _line(reading: RetellReading) -> str:
    since = timezone.localtime(reading.finished_at or reading.began_at)
    why = ", whose key Retell refuses," if reading.refused_at else ""
    return f"{reading}{why} was not read since {since:%d.%m.%Y, %H:%M}."
