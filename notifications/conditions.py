"""Whether messages reach those whom they are for."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from askpro.watch.conditions.base import Finding, Severity, Source
from askpro.watch.conditions.registry import condition, threshold
from notifications.models import Notification
from notifications.twilio.errors import Reaction
from notifications.why import Why

Status = Notification.Status
UNKNOWN: Final = gettext_noop("no reason is known.")
SAYS: Final = (UNKNOWN, *(each.label for kind in (Why, Reaction) for each in kind))


@condition(
    code="messages_undeliverable",
    title=_("Messages reach nobody"),
    severity=Severity.WARNING,
    needs=(Source.POSTGRES,),
    every=60,
    lasts=60,
    clears=120,
    thresholds={"share": 0.5, "count": 5, "hours": 6},
    says=SAYS,
    cause=_(
        "{failed} of {all} messages by {channel} of company {company} failed within {hours} hours. Most often: {why}"
    ),
    todo=_(
        "Look at the failed messages and what they have in common: the sender, the carrier, the text. Whoever was not "
        "told has a follow-up."
    ),
    link="/notifications/notification/?status__exact=failed&company__id__exact={company}",
)
def messages_undeliverable(now: datetime) -> Iterator[Finding]:
    """By company and channel, of those that were judged; what is skipped on purpose does not count."""
    hours = threshold("messages_undeliverable.hours")
    recent = Notification.objects.filter(created_at__gte=now - timedelta(hours=hours), created_at__lte=now)
    failed = Count("pk", filter=Q(status=Status.FAILED))
    rows = (
        recent.filter(status__in=Notification.ANSWERED)
        .values("company_id", "channel")
        .annotate(n=Count("pk"), f=failed)
    )
    for row in rows.order_by("company_id", "channel"):
        share = row["f"] / row["n"]
        least = threshold("messages_undeliverable.share")
        if row["f"] >= threshold("messages_undeliverable.count") and share >= least:
            whose = recent.filter(company=row["company_id"], channel=row["channel"], status=Status.FAILED)
            facts = {
                "failed": row["f"],
                "all": row["n"],
                "channel": row["channel"],
                "company": row["company_id"],
                "hours": int(hours),
                "why": _commonest(whose),
            }
            yield Finding(f"{row['channel']}:{row['company_id']}", share, least, facts=facts)


def _commonest(failed: QuerySet[Notification]) -> str:
    """Why most of them failed, in English; the sentences name nobody."""
    newest = failed.order_by("-pk").only("reason", "reason_facts", "error_code")[:200]
    told = Counter(row.why("en") or UNKNOWN for row in newest)
    return told.most_common(1)[0][0] if told else UNKNOWN
