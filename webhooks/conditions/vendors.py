"""What the vendors' answers and Retell's ends of calls say of the vendors themselves."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from askpro.metrics.exchange import FAILS, NOT_ITS_FAULT, Result
from askpro.metrics.figures import vendor_figures
from askpro.watch.conditions.base import Finding, Severity, Source
from askpro.watch.conditions.registry import condition, threshold
from calls.models import Call, Company
from calls.retell.disconnection import CROWDED, UNPAID, Disconnection, classify
from notifications.models import Notification
from notifications.twilio.errors import SUSPENDED_LATER
from webhooks.models import Provider, RetellReading, WebhookAddress
from webhooks.net.accounts import all_accounts, is_replaced

MINUTE: Final = timedelta(minutes=1)
# A vendor is asked at least every fifteen minutes, so its last word is never older.
LAST_WORD: Final = timedelta(hours=1)
# Calls that are looked at, the newest first: no more end within an hour.
MOST_CALLS: Final = 2000
VENDORS: Final = (*Provider.values, "mail")
OF_COMPANY: Final = gettext_noop("%(vendor)s of company %(company)s")
REQUESTS: Final = gettext_noop("requests to %(vendor)s")
CALLS: Final = gettext_noop("calls at Retell")
MAIL_SERVER: Final = gettext_noop("the mail server")
SAYS: Final = (OF_COMPANY, REQUESTS, CALLS, MAIL_SERVER)


@dataclass(frozen=True, slots=True)
class _Refusals:
    """What a vendor has refused with one result since it last said yes."""

    about: str
    count: int
    since: datetime


@condition(
    code="vendor_refuses_key",
    title=_("A vendor refuses its key"),
    severity=Severity.CRITICAL,
    needs=(Source.POSTGRES,),
    every=15,
    lasts=0,
    clears=120,
    thresholds={"refusals": 1},
    says=SAYS,
    cause=_(
        "{vendor} has refused the key {refused} times since it last took it. It was revoked, has expired, or was "
        "entered wrongly. What needs this vendor fails meanwhile: bookings, messages or lost calls."
    ),
    todo=_("Enter a valid key, then retry the dead jobs of this failure together. The runbook has the steps."),
    link="/board/failures/",
)
def vendor_refuses_key(now: datetime) -> Iterator[Finding]:
    """By company where it has a key of its own. Two keys of Retell may be configured while one is replaced: there the
    readings tell which one counts."""
    least = threshold("vendor_refuses_key.refusals")
    vendors = [vendor for vendor in VENDORS if vendor != Provider.RETELL]
    for found in (*_last_words(Result.KEY_REFUSED, now, vendors), *_unread_keys()):
        if found.count >= least:
            yield _finding(found, least)


@condition(
    code="vendor_out_of_credit",
    title=_("A vendor wants to be paid"),
    severity=Severity.CRITICAL,
    needs=(Source.POSTGRES,),
    every=30,
    lasts=0,
    clears=300,
    thresholds={"refusals": 1},
    says=SAYS,
    cause=_(
        "{vendor} has refused {refused} calls or requests, because its credit is used up or its account is "
        "suspended. Callers may hear nothing, or messages do not go out."
    ),
    todo=_("Pay or raise the limit at the vendor, then retry the dead jobs of this failure."),
    link="/board/failures/",
)
def vendor_out_of_credit(now: datetime) -> Iterator[Finding]:
    least = threshold("vendor_out_of_credit.refusals")
    found = {each.about: each for each in _suspended_messages(now)}
    found |= {each.about: each for each in _last_words(Result.OUT_OF_CREDIT, now, VENDORS)}
    found |= {each.about: each for each in _unpaid_calls(now)}
    for each in found.values():
        if each.count >= least:
            yield _finding(each, least)


@condition(
    code="vendor_failing",
    title=_("A vendor fails"),
    severity=Severity.WARNING,
    needs=(Source.POSTGRES,),
    every=30,
    lasts=60,
    clears=300,
    thresholds={"share": 0.5, "count": 10, "minutes": 10, "calls": 5, "calls_share": 0.3, "calls_minutes": 60},
    says=SAYS,
    cause=_("{failed} of {all} {what} failed within {minutes} minutes: {why}. Jobs wait and try again by themselves."),
    todo=_("Does the vendor report an outage? If not, is its base URL right, and does this network let requests out?"),
    link="/board/queues/",
)
def vendor_failing(now: datetime) -> Iterator[Finding]:
    yield from _failing_requests(now)
    yield from _failing_calls(now)


def _finding(found: _Refusals, least: float) -> Finding:
    vendor, _colon, company = found.about.partition(":")
    told = OF_COMPANY % {"vendor": _name(vendor), "company": company} if company else _name(vendor)
    facts: dict[str, str | int] = {"vendor": told, "refused": found.count}
    return Finding(found.about, found.count, least, found.since, facts)


def _last_words(result: Result, now: datetime, vendors: Iterable[str]) -> Iterator[_Refusals]:
    """The keys and accounts whose last answer was this refusal, of those asked within the last hour."""
    since = now - LAST_WORD
    for vendor in vendors:
        found: dict[str, list[_Refusals]] = {}
        for of_company in vendor_figures(since, now + MINUTE, vendor=vendor, by="company"):
            if of_company.by_result.get(result):
                refusals = _since_last_yes(vendor, of_company.key, result, since, now)
                found.setdefault(_about(vendor, of_company.key), []).extend(refusals)
        # Companies that share the installation's key share its fate.
        for about, each in found.items():
            if each:
                yield _Refusals(about, sum(one.count for one in each), min(one.since for one in each))


def _since_last_yes(
    vendor: str, company_id: int, result: Result, since: datetime, now: datetime
) -> Iterator[_Refusals]:
    count, began = 0, since
    for minute in vendor_figures(since, now + MINUTE, vendor=vendor, company=company_id, by="minute"):
        refused, taken = minute.by_result.get(result, 0), minute.by_result.get(Result.OK, 0)
        if taken >= max(refused, 1):
            count = 0
        elif refused:
            count, began = count + refused, began if count else minute.key
    if count:
        yield _Refusals("", count, began)


def _about(vendor: str, company_id: int) -> str:
    """`calcom:3` where this company has a key of its own, else `calcom`: the installation's."""
    if vendor == Provider.CALCOM:
        is_own = Company.objects.filter(pk=company_id).exclude(calcom_api_key="").exists()
    else:
        is_own = WebhookAddress.of(company_id, vendor) is not None if vendor in Provider.values else False
    return f"{vendor}:{company_id}" if is_own else vendor


def _unread_keys() -> Iterator[_Refusals]:
    """Retell's keys that are refused while no other key of the same account is read."""
    found: dict[str, _Refusals] = {}
    for account in all_accounts():
        rows = RetellReading.objects.filter(address=account.address, fingerprint=account.fingerprint)
        reading = rows.exclude(refused_at=None).first()
        if reading is not None and reading.refused_at is not None and not is_replaced(reading):
            about = f"{Provider.RETELL}:{account.address.company_id}" if account.address else Provider.RETELL.value
            known = found.get(about, _Refusals(about, 0, reading.refused_at))
            found[about] = _Refusals(about, known.count + 1, min(known.since, reading.refused_at))
    yield from found.values()


def _suspended_messages(now: datetime) -> Iterator[_Refusals]:
    """Messages that Twilio had accepted and then did not send for want of money."""
    rows = Notification.objects.filter(
        created_at__gte=now - LAST_WORD, created_at__lte=now, channel=Notification.Channel.SMS
    )
    failed = rows.filter(status=Notification.Status.FAILED, error_code__in=[str(code) for code in SUSPENDED_LATER])
    found: dict[str, list[datetime]] = {}
    for company_id, created_at in failed.values_list("company_id", "created_at"):
        found.setdefault(_about(Provider.TWILIO, company_id), []).append(created_at)
    for about, moments in found.items():
        yield _Refusals(about, len(moments), min(moments))


def _unpaid_calls(now: datetime) -> Iterator[_Refusals]:
    """Calls that Retell did not hold for want of money, unless it has held one since."""
    found: dict[str, _Refusals] = {}
    for call in reversed(_ended_calls(now, LAST_WORD)):
        about = _about(Provider.RETELL, call.company_id)
        if call.disconnection_reason in UNPAID:
            known = found.get(about, _Refusals(about, 0, call.created_at))
            found[about] = _Refusals(about, known.count + 1, known.since)
        elif call.disconnection == Disconnection.TALKED:
            found.pop(about, None)
    yield from found.values()


def _failing_requests(now: datetime) -> Iterator[Finding]:
    minutes, least = threshold("vendor_failing.minutes"), threshold("vendor_failing.count")
    for vendor in vendor_figures(now - MINUTE * minutes, now + MINUTE):
        failed = {result: vendor.by_result.get(result, 0) for result in FAILS}
        judged = vendor.count - sum(vendor.by_result.get(result, 0) for result in NOT_ITS_FAULT)
        share = sum(failed.values()) / judged if judged else 0.0
        if sum(failed.values()) >= least and share >= threshold("vendor_failing.share"):
            told = ", ".join(f"{count} {result.value}" for result, count in failed.items() if count)
            yield _failing(
                vendor.key, REQUESTS % {"vendor": _name(vendor.key)}, sum(failed.values()), judged, told, minutes
            )


def _failing_calls(now: datetime) -> Iterator[Finding]:
    """Calls that Retell or a carrier broke off, or did not take because too many were held at once."""
    minutes = threshold("vendor_failing.calls_minutes")
    calls = _ended_calls(now, MINUTE * minutes)
    broken = [call.disconnection_reason for call in calls if _is_broken(call)]
    share = len(broken) / len(calls) if calls else 0.0
    if len(broken) >= threshold("vendor_failing.calls") and share >= threshold("vendor_failing.calls_share"):
        told = ", ".join(sorted({reason if reason in CROWDED else classify(reason).value for reason in broken}))
        yield _failing("retell calls", CALLS, len(broken), len(calls), told, minutes)


def _failing(about: str, what: str, failed: int, count: int, why: str, minutes: float) -> Finding:
    facts: dict[str, str | int] = {"what": what, "failed": failed, "all": count, "why": why, "minutes": int(minutes)}
    return Finding(about, failed / count, threshold("vendor_failing.share"), facts=facts)


def _is_broken(call: Call) -> bool:
    kinds = (Disconnection.VENDOR_ERROR, Disconnection.CARRIER)
    return call.disconnection in kinds or call.disconnection_reason in CROWDED


def _ended_calls(now: datetime, within: timedelta) -> list[Call]:
    """The newest first."""
    rows = Call.objects.only("company_id", "disconnection_reason", "created_at").order_by("-pk")[:MOST_CALLS]
    recent: Iterable[Call] = (call for call in rows if now - within <= call.created_at <= now)
    return [call for call in recent if call.disconnection_reason]


def _name(vendor: str) -> str:
    return str(Provider(vendor).label) if vendor in Provider.values else MAIL_SERVER
