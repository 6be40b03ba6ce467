"""Applies Twilio's reports on a message, which come out of order, twice, late, or never."""

import logging
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone

from askpro.queues.units import MIN, H
from notifications import opt_outs, sending
from notifications.models import Notification, because
from notifications.relevance import why_not_any_more
from notifications.twilio.errors import Reaction, reaction_to
from notifications.twilio.event import ARRIVED, LOST, RANK
from notifications.why import Why

log = logging.getLogger(__name__)

MOST_RESENDS: Final = 1
# If a phone is switched off or a carrier overloaded, half an hour helps, a second does not.
RESEND_AFTER_MS: Final = 30 * MIN
DAILY_CAP_CODE: Final = 30023
TOMORROW_MS: Final = 24 * H


@dataclass(frozen=True, slots=True)
class Report:
    """What Twilio says about a message, in a callback or when asked."""

    sid: str
    status: str
    error_code: int | None = None


def locked(**key: Any) -> Notification:
    """The row that `key` names, locked until the transaction ends. Raises `Notification.DoesNotExist`."""
    Notification.hold_appointment(**key)
    rows = Notification.objects.select_for_update(of=("self",))
    return rows.select_related("company", "appointment", "follow_up").get(**key)


def apply(report: Report, notification: Notification) -> str:
    """Write what the report says. Returns why it changes nothing, or an empty text. The caller has locked the row."""
    if report.status not in RANK:
        return "Twilio named a status that AskPro does not know."
    if notification.provider_id not in (None, report.sid):
        return "It is about another send of this message."
    if report.sid == notification.earlier_provider_id and report.status not in ARRIVED:
        return "It is about an earlier send of this message."
    if not _is_news(report, notification):
        return "Not more than what is known."
    _write(report, notification)
    return ""


def _is_news(report: Report, notification: Notification) -> bool:
    """Whether it adds to what is known. The same final status can come twice, at first without its code."""
    known = notification.provider_status if notification.provider_id else ""
    if not known or RANK[report.status] != RANK[known]:
        return not known or RANK[report.status] > RANK[known]
    if (report.status in ARRIVED) != (known in ARRIVED):
        log.warning("notification %s: Twilio says both %s and %s", notification.pk, known, report.status)
        return report.status in ARRIVED
    return report.status in LOST and bool(report.error_code) and not notification.error_code


def _write(report: Report, notification: Notification) -> None:
    now = timezone.now()
    values: dict[str, Any] = {"provider_id": report.sid, "provider_status": report.status}
    if notification.sent_at is None:
        values["sent_at"] = now
    if report.status in LOST:
        _lost(report, notification, values)
    elif report.status in ARRIVED:
        notification.report(
            **values, status=Notification.Status.DELIVERED, delivered_at=now, error_code="", **because(None)
        )
    else:
        notification.report(**values, status=Notification.Status.SENT, **because(None))


def _lost(report: Report, notification: Notification, values: dict[str, Any]) -> None:
    code = report.error_code or 0
    reaction = reaction_to(code)
    why = because(reaction, {"code": code}) if code else because(Why.NOT_DELIVERED)
    values |= {"error_code": str(code) if code else "", **why}
    if reaction == Reaction.RESEND and notification.resends < MOST_RESENDS and not why_not_any_more(notification):
        _send_again(report, notification, values)
        return
    notification.report(**values, status=Notification.Status.FAILED)
    if reaction == Reaction.OPTED_OUT:
        opt_outs.opt_out(notification.recipient, [notification.sender])
    if reaction in (Reaction.CONFIGURATION, Reaction.OUR_BUG):
        log.error("notification %s: %s", notification.pk, reaction.tell({"code": code}, "en"))


def _send_again(report: Report, notification: Notification, values: dict[str, Any]) -> None:
    values |= {"provider_id": None, "provider_status": "", "sent_at": None}
    notification.report(
        **values,
        status=Notification.Status.PENDING,
        earlier_provider_id=report.sid,
        resends=notification.resends + 1,
    )
    sending.send_job(notification, TOMORROW_MS if report.error_code == DAILY_CAP_CODE else RESEND_AFTER_MS)
