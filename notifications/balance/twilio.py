"""Whether Twilio took each SMS that we call sent, and took it once."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from askpro.commands.balance import Finding, Span
from askpro.queues.errors import JobError
from calls.models import Company
from notifications.models import Notification
from notifications.twilio import client as twilio

# Clocks differ, and a message is handed over before its row says so.
SLACK: Final = timedelta(minutes=2)
# Whoever asks for more reads more than an operator waits for: a year of messages, a thousand in a page.
LONGEST: Final = timedelta(days=90)


def findings(span: Span) -> Iterator[Finding]:
    """Each SMS that Twilio does not have, and each that it has twice. One list for each account."""
    for account, rows in _by_account(span).items():
        try:
            yield from _of_account(account, rows)
        except JobError as error:
            slugs = sorted({row.company.slug for row in rows})
            advice = "check the account and its tokens, then balance again"
            yield Finding("twilio_answers", "account", "", ", ".join(slugs), "Twilio's list", str(error), advice)


def _by_account(span: Span) -> dict[twilio.Twilio, list[Notification]]:
    sent = Notification.objects.filter(channel=Notification.Channel.SMS, sending_at__isnull=False)
    rows = span.of(sent.filter(status__in=Notification.HANDED_OVER)).order_by("pk")
    found: dict[twilio.Twilio, list[Notification]] = defaultdict(list)
    accounts: dict[int, twilio.Twilio] = {}
    for row in rows:
        account = accounts.get(row.company_id) or accounts.setdefault(row.company_id, _account(row.company))
        found[account].append(row)
    return found


def _account(company: Company) -> twilio.Twilio:
    return twilio.for_company(company.pk)


def _of_account(account: twilio.Twilio, rows: list[Notification]) -> Iterator[Finding]:
    since = min(row.sending_at for row in rows if row.sending_at) - SLACK
    there = account.since(since)
    known = {sid for row in rows for sid in (row.provider_id, row.earlier_provider_id) if sid}
    listed = {message.sid for message in there}
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    for message in there:
        said[message.to, twilio.comparable(message.body)].append(message.sid)
    for row in rows:
        if row.provider_id and row.provider_id not in listed:
            yield _finding(row, "twilio_has_each_sms", "a message at Twilio", "Twilio does not list it")
        strangers = set(said.get((row.recipient, twilio.comparable(row.text)), [])) - known
        if strangers and row.status not in Notification.IN_FLIGHT:
            known |= strangers
            more = f"{len(strangers)} more with the same text to the same number"
            yield _finding(row, "twilio_has_each_sms_once", "one message at Twilio", more)


def _finding(row: Notification, rule: str, expected: str, found: str) -> Finding:
    advice = "look at the number's messages in Twilio's console"
    return Finding(rule, "message", row.pk, row.company.slug, expected, found, advice)
