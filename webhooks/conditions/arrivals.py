"""What comes in from the vendors, and what does not."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from django.db.models import Min, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from askpro.watch.conditions.base import Finding, Severity, Source
from askpro.watch.conditions.registry import condition, threshold
from webhooks.inbox import unstored
from webhooks.models import Arrivals, Provider, RefusedWebhook, WebhookEvent
from webhooks.net import unread
from webhooks.silence.flows import Flows
from webhooks.silence.habit import HOUR, whole_hour
from webhooks.silence.judging import Silence, silences, weight_of

Reason = RefusedWebhook.Reason
DAY: Final = timedelta(days=1)

# What operators do about it is the same for all reasons of one kind.
REFUSALS: Final = {
    "secret": (Reason.MISSING_SIGNATURE, Reason.BAD_SIGNATURE, Reason.NOT_CONFIGURED, Reason.OTHER_TENANT),
    "clock": (Reason.STALE, Reason.FUTURE),
    "address": (Reason.NO_ADDRESS,),
    "body": (Reason.TOO_LARGE, Reason.NO_LENGTH, Reason.BAD_TYPE, Reason.MALFORMED),
}
FOR_COMPANY: Final = gettext_noop(" for company %(company)s")
CURES: Final = {
    "secret": gettext_noop(
        "Is the secret here the one that the vendor signs with? After a change both must be here for a while."
    ),
    "clock": gettext_noop("Is this host's clock right (timedatectl)? If it is, the vendor sends late."),
    "address": gettext_noop("The vendor sends to an address that is gone: correct it there."),
    "body": gettext_noop("The vendor's format may have changed, or something between it and here alters the requests."),
}


@cache
def _flows() -> Flows:
    """What this process has learnt so far."""
    return Flows()


@condition(
    code="provider_silent",
    title=_("A vendor has fallen silent"),
    severity=Severity.CRITICAL,
    needs=(Source.POSTGRES,),
    every=60,
    lasts=0,
    clears=60,
    patience=20,
    thresholds={"chance": 1e-6},
    says=[FOR_COMPANY],
    cause=_(
        "{vendor} has sent nothing{whose} for {minutes} minutes; about {usual} events are usual in this time. "
        "{fetched} were fetched meanwhile, whose webhook never came. {refused} were refused here."
    ),
    todo=_(
        "Make a test call. Do the vendor's settings still name our address? Does the door answer from outside? If the "
        "company is closed, enter the closed day."
    ),
    link="/webhooks/webhookevent/?provider__exact={provider}",
)
def provider_silent(now: datetime) -> Iterator[Finding]:
    """By company, or for all of them at once (webhooks.silence)."""
    chance = threshold("provider_silent.chance")
    for silence in silences(_flows().load(now), now, chance):
        facts = _silence_facts(silence, now)
        yield Finding(silence.about, silence.weight, weight_of(chance), silence.since, facts)


@condition(
    code="webhooks_refused",
    title=_("Webhooks are refused"),
    severity=Severity.CRITICAL,
    needs=(Source.POSTGRES,),
    every=30,
    lasts=0,
    clears=60,
    thresholds={"secret": 3, "clock": 3, "address": 20, "body": 10},
    cause=_(
        "{count} requests to {vendor}'s address were refused since {since}: {reasons}. Anybody on the Internet can "
        "cause a few of them; a vendor whose events are refused sends each a few times, then never again."
    ),
    says=CURES.values(),
    todo=_("{cure} What was missed is fetched by sync_retell and sync_calcom."),
    link="/webhooks/refusedwebhook/?provider__exact={provider}",
)
def webhooks_refused(now: datetime) -> Iterator[Finding]:
    """By vendor and kind of reason, in this hour and the one before: refusals are counted by the hour."""
    since = whole_hour(now) - HOUR
    for provider in Provider:
        rows = RefusedWebhook.objects.filter(provider=provider, hour__gte=since, hour__lte=now)
        counts = dict(rows.values_list("reason").annotate(count=Sum("count")).order_by("reason"))
        for kind, reasons in REFUSALS.items():
            found = {reason.value: counts[reason] for reason in reasons if counts.get(reason)}
            count, least = sum(found.values()), threshold(f"webhooks_refused.{kind}")
            if count >= least:
                facts = {
                    "vendor": str(provider.label),
                    "provider": provider.value,
                    "count": count,
                    "since": f"{since:%H:%M} UTC",
                    "reasons": ", ".join(f"{number} {reason}" for reason, number in found.items()),
                    "cure": CURES[kind],
                }
                yield Finding(f"{provider}:{kind}", count, least, facts=facts)


@condition(
    code="webhooks_unstored",
    title=_("Webhooks could not be stored"),
    severity=Severity.WARNING,
    needs=(Source.POSTGRES,),
    every=15,
    lasts=0,
    clears=60,
    thresholds={"count": 1},
    cause=_(
        "{count} webhooks of {vendor} were answered with 503 within two hours, because PostgreSQL took none. The "
        "vendor sends them again, or AskPro fetches them as soon as PostgreSQL is back."
    ),
    todo=_("If PostgreSQL is away, bring it back. Then look whether sync_retell and sync_calcom have run since."),
    link="/webhooks/refusedwebhook/?reason__exact=not_stored",
)
def webhooks_unstored(now: datetime) -> Iterator[Finding]:
    """By vendor: those in the rows, and those that wait in Redis to be written there."""
    least = threshold("webhooks_unstored.count")
    rows = RefusedWebhook.objects.filter(reason=Reason.NOT_STORED, hour__gte=whole_hour(now) - HOUR, hour__lte=now)
    counts = unstored.waiting() + Counter(dict(rows.values_list("provider").annotate(count=Sum("count")).order_by()))
    for provider, count in sorted(counts.items()):
        if provider in Provider.values and count >= least:
            yield Finding(provider, count, least, facts={"vendor": str(Provider(provider).label), "count": count})


@condition(
    code="unassigned_share",
    title=_("Events of numbers that no company has"),
    severity=Severity.WARNING,
    needs=(Source.POSTGRES,),
    every=60,
    lasts=60,
    clears=300,
    thresholds={"share": 0.2, "count": 5},
    cause=_(
        "{count} of the {all} events of {vendor} within a day belong to no company: a number, an event type or an "
        "account is in use that was never entered here."
    ),
    todo=_("phone_resolve says what is known of a number. Enter it; what waits is worked on then."),
    link="/webhooks/webhookevent/?status__exact=unassigned&provider__exact={provider}",
)
def unassigned_share(now: datetime) -> Iterator[Finding]:
    """By vendor, of what came in within a day and nobody has yet."""
    share, least = threshold("unassigned_share.share"), threshold("unassigned_share.count")
    rows = WebhookEvent.objects.filter(
        status=WebhookEvent.Status.UNASSIGNED, received_at__gt=now - DAY, received_at__lte=now
    )
    for provider in Provider:
        unassigned = rows.filter(provider=provider)
        count = unassigned.count()
        if count < least:
            continue
        known = Arrivals.objects.filter(provider=provider, hour__gt=now - DAY, hour__lte=now)
        every = max(known.aggregate(every=Sum("events"))["every"] or 0, count)
        if count / every >= share:
            since = unassigned.aggregate(since=Min("received_at"))["since"]
            facts = {"vendor": str(provider.label), "provider": provider.value, "count": count, "all": every}
            yield Finding(provider.value, count / every, share, since, facts)


@condition(
    code="ignored_share",
    title=_("More events than usual are ignored"),
    severity=Severity.WARNING,
    needs=(Source.POSTGRES,),
    every=300,
    lasts=0,
    clears=600,
    quiet=True,
    thresholds={"share": 0.3, "times": 2, "count": 20},
    cause=_(
        "{percent} per cent of the events of {vendor} within a day led to nothing, usually {usual} per cent. The "
        "vendor may have renamed its events or changed what they hold."
    ),
    todo=_("Look at the reasons of the ignored events. After a mend, replay_webhooks works on them again."),
    link="/webhooks/webhookevent/?status__exact=ignored&provider__exact={provider}",
)
def ignored_share(now: datetime) -> Iterator[Finding]:
    """By vendor: the last day against the eight weeks before it."""
    for provider in Provider:
        rows = Arrivals.objects.filter(provider=provider)
        count, share = _ignored(rows, now - DAY, now)
        _, usual = _ignored(rows, now - timedelta(weeks=8), now - DAY)
        least = max(threshold("ignored_share.share"), usual * threshold("ignored_share.times"))
        if count >= threshold("ignored_share.count") and share >= min(least, 1.0):
            facts: dict[str, str | int] = {
                "vendor": str(provider.label),
                "provider": provider.value,
                "percent": round(share * 100),
                "usual": round(usual * 100),
            }
            yield Finding(provider.value, share, min(least, 1.0), facts=facts)


@condition(
    code="reconciliation_missing",
    title=_("A vendor is not read any more"),
    severity=Severity.WARNING,
    needs=(Source.POSTGRES,),
    every=60,
    lasts=60,
    clears=60,
    thresholds={"retell_minutes": 60, "calcom_minutes": 90, "count_hours": 27},
    cause=_(
        "{what} was last complete {minutes} minutes ago, {most} are allowed. What webhooks do not tell stays unknown "
        "meanwhile: lost calls stay lost, changed bookings stay wrong."
    ),
    todo=_(
        "Look at the job {job}: does the schedule send it, and what did it die of? The runbook's commands do it by "
        "hand."
    ),
    link="/board/failures/",
)
def reconciliation_missing(now: datetime) -> Iterator[Finding]:
    """By account at Retell, company at Cal.com, and for the nightly count."""
    yield from _overdue(unread.accounts(), threshold("reconciliation_missing.retell_minutes"), now)
    yield from _overdue(unread.calendars(), threshold("reconciliation_missing.calcom_minutes"), now)
    yield from _overdue(unread.counts(), threshold("reconciliation_missing.count_hours") * 60, now)


def _overdue(readings: Iterable[unread.Reading], most: float, now: datetime) -> Iterator[Finding]:
    for reading in readings:
        minutes = (now - reading.last_at).total_seconds() / 60
        if minutes > most:
            facts: dict[str, str | int] = {
                "what": reading.what,
                "minutes": int(minutes),
                "most": int(most),
                "job": reading.job,
            }
            yield Finding(reading.about, minutes, most, reading.last_at, facts)


def _silence_facts(silence: Silence, now: datetime) -> dict[str, str | int]:
    whose = Q() if silence.company_id is None else Q(company=silence.company_id)
    # Counted by the hour, and so a little more than in this time.
    rows = Arrivals.objects.filter(whose, provider=silence.provider, hour__gte=silence.since - HOUR)
    refused = RefusedWebhook.objects.filter(provider=silence.provider, hour__gte=silence.since - HOUR, hour__lte=now)
    return {
        "vendor": str(Provider(silence.provider).label),
        "provider": silence.provider,
        "whose": "" if silence.company_id is None else FOR_COMPANY % {"company": silence.company_id},
        "minutes": int((now - silence.since).total_seconds() / 60),
        "usual": round(silence.usual),
        "fetched": rows.aggregate(fetched=Sum("fetched"))["fetched"] or 0,
        "refused": refused.aggregate(count=Sum("count"))["count"] or 0,
    }


def _ignored(rows: QuerySet[Arrivals], start: datetime, end: datetime) -> tuple[int, float]:
    """How many events were ignored from `start` to `end`, and which share of all that is."""
    sums = rows.filter(hour__gt=start, hour__lte=end).aggregate(ignored=Sum("ignored"), events=Sum("events"))
    ignored, every = sums["ignored"] or 0, sums["events"] or 0
    return ignored, ignored / every if every else 0.0
