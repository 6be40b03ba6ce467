"""Whether the callers' tokens last."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from askpro.api.models import ApiToken
from askpro.watch.conditions.base import Finding, Severity, Source
from askpro.watch.conditions.registry import condition, threshold


@condition(
    code="token_expiring",
    title=_("An API token expires"),
    severity=Severity.WARNING,
    needs=(Source.POSTGRES,),
    every=3600,
    lasts=0,
    clears=0,
    quiet=True,
    thresholds={"days": 14},
    cause=_("API token {token} of company {company} expires in {days} days. Then its requests are answered 401."),
    todo=_("Make a new token for whoever uses it, or enter a later day. Switch it off if nobody does."),
    link="/api/apitoken/{token}/change/",
)
def token_expiring(now: datetime) -> Iterator[Finding]:
    """By token. One whose last day is long over is told no more: whoever used it has noticed."""
    most, today = threshold("token_expiring.days"), timezone.localdate(now)
    ending = ApiToken.objects.filter(is_active=True, company__is_active=True, expires_on__gte=today - timedelta(days=1))
    for token in ending.filter(expires_on__lte=today + timedelta(days=most)).order_by("pk"):
        assert token.expires_on is not None
        left = (token.expires_on - today).days
        facts = {"token": token.pk, "company": token.company_id, "days": left}
        yield Finding(f"token:{token.pk}", left, most, facts=facts)
