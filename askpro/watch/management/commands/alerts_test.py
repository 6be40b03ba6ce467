"""`manage.py alerts_test`: sends a test through each channel, now, and says what became of it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from askpro.watch import message
from askpro.watch.channels import sending
from askpro.watch.channels.errors import ChannelError
from askpro.watch.channels.names import Channel, configured


class Command(BaseCommand):
    help = "Send a test through each channel of the alerts (ALERT_* settings). Exit code 1 if one does not take it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--channel", choices=Channel.values, action="append", help="only this one; may be repeated")

    def handle(self, *args: Any, channel: list[str] | None, **options: Any) -> None:
        if missing := set(channel or ()) - set(configured()):
            raise CommandError(f"Not configured: {', '.join(sorted(missing))} (ALERT_* in deploy/env.example).")
        notice = message.test_notice(timezone.now())
        wanted = [
            each for each in message.deliveries(notice, notice.created_at) if each.channel in (channel or Channel)
        ]
        if not wanted:
            raise CommandError("No channel is configured: set OPS_EMAILS or ALERT_* (deploy/env.example).")
        failed = 0
        for delivery in wanted:
            try:
                sending.send(delivery)
            except ChannelError as error:
                failed += 1
                self.stdout.write(self.style.ERROR(f"{delivery}: {error.words}"))
            else:
                self.stdout.write(f"{delivery}: taken")
        if failed:
            raise CommandError(f"{failed} of {len(wanted)} were not taken.")
