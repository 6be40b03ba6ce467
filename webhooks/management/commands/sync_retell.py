"""Reads calls from Retell that no webhook has reported."""

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from askpro.commands.arguments import company as company_of
from askpro.commands.arguments import moment
from askpro.queues.errors import JobError
from calls.models import Company
from calls.retell.call import parse_call
from calls.retell.errors import KeyRefused, UnknownCall
from calls.retell.fields import InvalidCall
from calls.tenancy import number_of
from webhooks.models import Provider, WebhookEvent
from webhooks.models.address import objection
from webhooks.net.accounts import Account, accounts_of, all_accounts, is_news
from webhooks.net.reading import OVERLAP, Found, Reader, Span, next_span
from webhooks.net.told import ENDS, event_of, hand_in, is_over


class Command(BaseCommand):
    help = (
        "Read the calls of every account at Retell, here and now, and work on those that no webhook has reported. "
        "Without --since it continues from the last complete reading, like the schedule."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=moment, metavar="WHEN", help="ended since 2026-11-24T10:30, or 90m, 6h, 2d")
        parser.add_argument("--until", type=moment, metavar="WHEN", help="ended before then; needs --since")
        parser.add_argument("--call", type=call_id, metavar="ID", help="only this call, whenever it was")
        parser.add_argument("--company", metavar="SLUG", help="only this company's calls")
        parser.add_argument("--dry-run", action="store_true", help="only show what is missing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["until"] and not options["since"]:
            raise CommandError("--until needs --since.")
        company = company_of(options["company"]) if options["company"] else None
        accounts = all_accounts() if company is None else accounts_of(company.pk)
        if not accounts:
            raise CommandError(
                "There is no key of Retell: set RETELL_API_KEYS, or a company's own (Webhook addresses)."
            )
        if options["call"]:
            self._one(options["call"], accounts, company, options["dry_run"])
            return
        failed = sum(not self._read(account, company, options) for account in accounts)
        if failed:
            raise CommandError(f"{failed} of {len(accounts)} accounts could not be read completely.")

    def _read(self, account: Account, company: Company | None, options: dict[str, Any]) -> bool:
        reading = account.reading()
        span = _span(options) or next_span(reading)
        moves = not (options["since"] or options["dry_run"] or company)
        reader = Reader(
            account,
            reading,
            span,
            company_id=company.pk if company else None,
            is_dry=options["dry_run"],
            takes_old=bool(options["since"]),
            note=lambda found: self._progress(account, found),
        )
        try:
            found = reader.read()
        except KeyRefused as error:
            self.stderr.write(f"{account.fingerprint}: {error}")
            return not is_news(error, reading)
        except JobError as error:
            self.stderr.write(f"{account.fingerprint}: {reader.found}")
            self.stderr.write(f"{account.fingerprint}: {error}")
            return False
        if moves:
            reading.note_complete(span.until)
        self.stdout.write(f"{account.fingerprint}: {found}. Done.")
        return True

    def _progress(self, account: Account, found: Found) -> None:
        self.stdout.write(f"{account.fingerprint}: {found}")

    def _one(self, call_id: str, accounts: list[Account], company: Company | None, is_dry: bool) -> None:
        """Ask every account for the call; it is an error if none has it."""
        failures = 0
        for account in accounts:
            try:
                call = account.retell.get_call(call_id)
            except UnknownCall:
                continue
            except JobError as error:
                failures += 1
                self.stderr.write(f"{account.fingerprint}: {error}")
                continue
            if (said := _take(account, call, company, is_dry)) is not None:
                self.stdout.write(f"{account.fingerprint}: {said}")
                return
        unknown = "not every account could be asked" if failures else "Retell does not know it under any key"
        raise CommandError(f"{call_id}: {unknown}.")


def _take(account: Account, call: dict[str, Any], company: Company | None, is_dry: bool) -> str | None:
    """What became of the call; None where it is to be read with another account's key."""
    try:
        told = parse_call(call)
    except InvalidCall as error:
        raise CommandError(str(error)) from None
    if not is_over(told):
        return "not ended yet"
    number = number_of(told)
    if company is not None and (number is None or number.company_id != company.pk):
        raise CommandError(f"The call is not one of {company.slug}.")
    if number is not None and objection(Provider.RETELL, account.address, number.company_id):
        return None
    if is_dry:
        return f"{'known' if _is_known(account, call) else 'missing'}: {event_of(call)}"
    return "handed in" if hand_in(account, call) else "known"


def _is_known(account: Account, call: dict[str, Any]) -> bool:
    events = WebhookEvent.objects.filter(subject=call["call_id"], address=account.address, event_type__in=ENDS)
    return events.filter(event_key=f"{event_of(call)}:{call['call_id']}").exists()


def _span(options: dict[str, Any]) -> Span | None:
    if not options["since"]:
        return None
    until = options["until"] or timezone.now()
    if until <= options["since"]:
        raise CommandError("--until must be later than --since.")
    return Span(options["since"], until, is_whole=until - options["since"] > OVERLAP)


def call_id(written: str) -> str:
    if not 4 <= len(written) <= 64 or not written.isprintable() or "/" in written:
        raise ArgumentTypeError("must be the id of a call, such as call_5f0c2b7d9a1e4c3f8b6d7e2a1c9.")
    return written
