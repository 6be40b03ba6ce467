"""Says whether everything adds up, and row by row what does not."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from appointments.balance import calcom, waiting
from appointments.balance import rows as appointments
from askpro.commands.arguments import company, moment
from askpro.commands.balance import Finding, Rule, Span
from calls import balance as calls
from calls.models import Company
from notifications.balance import rows as notifications
from notifications.balance import twilio
from webhooks.inbox import balance as inbox

RULES: Final[tuple[Rule, ...]] = (
    *inbox.RULES,
    *calls.RULES,
    *appointments.RULES,
    *waiting.RULES,
    *notifications.RULES,
)
VENDORS: Final[dict[str, Callable[[Span], Iterable[Finding]]]] = {"Cal.com": calcom.findings, "Twilio": twilio.findings}
USUAL: Final = timedelta(days=7)


class Command(BaseCommand):
    help = (
        "Check that everything adds up: events, calls, requests, appointments, changes, follow-ups, reminders, offers "
        "and messages, and the bookings and SMS at the vendors. Names each row that does not, and ends with 1 if there "
        "is one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company", metavar="SLUG", help="only this company")
        parser.add_argument(
            "--since", type=moment, metavar="WHEN", help="made since 2026-11-24T10:30, or 90m, 6h, 2d (default: 7d)"
        )
        parser.add_argument("--until", type=moment, metavar="WHEN", help="made before then")
        parser.add_argument("--no-vendors", action="store_true", help="ask neither Cal.com nor Twilio")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        span = _span(options)
        self._quiet = options["json"]
        found = self._findings(span, asks_vendors=not options["no_vendors"])
        totals = {of.slug: calls.totals(Span(span.since, span.until, of.pk)) for of in _companies(span)}
        if options["json"]:
            listed = [each.listed() for each in found]
            times = {"since": span.since.isoformat(), "until": span.until.isoformat()}
            self.stdout.write(json.dumps({**times, "totals": totals, "findings": listed}, indent=2))
        else:
            self._show(totals, found)
        if found:
            sys.exit(1)

    def _findings(self, span: Span, *, asks_vendors: bool) -> list[Finding]:
        found = self._of_rows(span)
        self._progress(f"{len(RULES)} rules held against the rows.")
        for vendor, findings in VENDORS.items() if asks_vendors else ():
            found += findings(span)
            self._progress(f"{vendor} compared.")
        return found

    def _of_rows(self, span: Span) -> list[Finding]:
        """All rules see one moment of the rows, so that what changes meanwhile contradicts nothing."""
        is_outermost = not connection.in_atomic_block
        with transaction.atomic():
            if is_outermost:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return [finding for rule in RULES for finding in rule.findings(span)]

    def _progress(self, said: str) -> None:
        if not self._quiet:
            self.stdout.write(said)

    def _show(self, totals: dict[str, dict[str, int]], found: list[Finding]) -> None:
        for slug, counts in totals.items():
            parts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if name != "calls")
            self.stdout.write(f"{slug}: {counts['calls']} calls = {parts}")
        for each in found:
            self.stdout.write(f"{each.kind} {each.id} ({each.company or 'no company'}): expected {each.expected}")
            self.stdout.write(f"    found: {each.found}")
            self.stdout.write(f"    to do: {each.advice}")
        counted = Counter(each.kind for each in found)
        kinds = ", ".join(f"{count} × {kind}" for kind, count in sorted(counted.items()))
        self.stdout.write(f"{len(found)} do not add up: {kinds}." if found else "Everything adds up.")


def _span(options: dict[str, Any]) -> Span:
    now = timezone.now()
    since, until = options["since"] or now - USUAL, options["until"] or now
    if until <= since:
        raise CommandError("--until must be later than --since.")
    return Span(since, until, company(options["company"]).pk if options["company"] else None)


def _companies(span: Span) -> Iterable[Company]:
    rows = Company.objects.order_by("slug")
    return rows if span.company_id is None else rows.filter(pk=span.company_id)
