"""`manage.py queues_slow`: the runs that took too long, and what took their time."""

import json
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.forms.models import model_to_dict
from django.utils import timezone

from askpro.queues.management import names
from askpro.queues.models import SlowRun

# Of one run, in text.
MOST_NAMED = 3


class Command(BaseCommand):
    help = "Show the runs that took longer than their job's `slow`, the newest first, with what took their time."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hours", type=float, default=24.0, help="of the last hours (default 24)")
        parser.add_argument("--actor", help="of this kind of job only")
        parser.add_argument("--queue", help="of this queue only")
        parser.add_argument("--most", type=int, default=20, metavar="N", help="runs (default 20)")
        parser.add_argument("--json", action="store_true", help="print one JSON list")

    def handle(self, *args: Any, actor: str | None, queue: str | None, **options: Any) -> None:
        rows = SlowRun.objects.filter(began_at__gt=timezone.now() - timedelta(hours=options["hours"]))
        if actor:
            rows = rows.filter(actor_name=names.known_actors([actor])[0])
        if queue:
            rows = rows.filter(queue_name=names.known_queues([queue])[0])
        chosen = rows.order_by("-id")[: max(options["most"], 0)]
        if options["json"]:
            self.stdout.write(json.dumps([model_to_dict(row) for row in chosen], cls=DjangoJSONEncoder, indent=2))
            return
        for row in chosen:
            self._show(row)

    def _show(self, row: SlowRun) -> None:
        end = f", {row.error_class}" if row.error_class else "" if row.finished_at else ", not ended yet"
        self.stdout.write(
            f"{row.began_at:%Y-%m-%d %H:%M:%S} {row.actor_name} {row.job_id}: {row.seconds:.1f} s{end}"
            f" (statements {row.sql_seconds:.1f} s, of it locks {row.lock_seconds:.1f} s;"
            f" vendors {row.vendor_seconds:.1f} s; computing {row.cpu_seconds:.1f} s; other {row.other_seconds:.1f} s)"
        )
        for told in row.statements[:MOST_NAMED]:
            self.stdout.write(f"    {told['seconds']:8.2f} s {told['count']:6} x {told['text']}")
        for told in row.calls[:MOST_NAMED]:
            what = f"{told['vendor']} {told['route']} {told['result']}"
            self.stdout.write(f"    {told['seconds']:8.2f} s {told['count']:6} x {what}")
