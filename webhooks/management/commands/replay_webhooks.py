from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from askpro.commands.arguments import company, moment, positive
from webhooks.inbox.replay import Choice, replay
from webhooks.models import Provider, WebhookEvent


class Command(BaseCommand):
    help = (
        "Replay stored webhook events: without --status the failed, ignored, unassigned and invalid ones. "
        "Shows how many match, and asks first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--provider", choices=Provider.values)
        parser.add_argument("--company", metavar="SLUG", help="only events that were found to be this company's")
        parser.add_argument("--status", action="append", choices=_replayable(), help="may be given several times")
        parser.add_argument("--event-type", help="such as call_ended or BOOKING_CREATED")
        parser.add_argument(
            "--since", type=moment, metavar="WHEN", help="received since 2026-11-24T10:30, or 90m, 6h, 2d"
        )
        parser.add_argument("--until", type=moment, metavar="WHEN", help="received before then")
        parser.add_argument("--id", type=int, action="append", help="of an event; may be given several times")
        parser.add_argument("--call", help="call id, booking uid or message sid that the event is about")
        parser.add_argument("--limit", type=positive, help="at most this number, the oldest first")
        parser.add_argument("--force", action="store_true", help="processed ones and conflicts too")
        parser.add_argument("--dry-run", action="store_true", help="only show what matches")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        if (forced := set(options["status"] or ()) & set(WebhookEvent.FORCED)) and not options["force"]:
            raise CommandError(f"{', '.join(sorted(forced))}: add --force to replay these.")
        choice = _choice(options)
        count = self._show(choice)
        if count == 0 or options["dry_run"] or not (options["yes"] or self._is_wanted(count)):
            return
        done = replay(choice.events(), choice.force)
        left = f", {done['left']} left as they were (no job for their type, or replayed meanwhile by another process)"
        self.stdout.write(f"{done['sent']} sent{left if done['left'] else ''}.")

    def _show(self, choice: Choice) -> int:
        rows = list(choice.events().values_list("provider", "event_type", "status"))
        self.stdout.write(f"{len(rows)} {'event matches' if len(rows) == 1 else 'events match'}.")
        for row in sorted(set(rows)):
            self.stdout.write(f"{rows.count(row):>8}  {' '.join(row)}")
        return len(rows)

    def _is_wanted(self, count: int) -> bool:
        try:
            return input(f"Replay {count}? [y/N] ").strip().lower() in ("y", "yes")
        except EOFError:
            raise CommandError("Without a terminal this cannot ask: add --yes.") from None


def _choice(options: dict[str, Any]) -> Choice:
    return Choice(
        provider=options["provider"] or "",
        company=company(options["company"]).pk if options["company"] else None,
        statuses=options["status"] or (),
        event_type=options["event_type"] or "",
        since=options["since"],
        until=options["until"],
        ids=options["id"] or (),
        call=options["call"] or "",
        limit=options["limit"],
        force=options["force"],
    )


def _replayable() -> list[str]:
    return [str(status) for status in (*WebhookEvent.UNFINISHED, *WebhookEvent.FORCED)]
