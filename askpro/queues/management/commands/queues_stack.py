"""`manage.py queues_stack`: where a running job is, on whatever host."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from askpro.queues.fleet import events
from askpro.queues.insight import asking, sessions
from askpro.queues.management import names

NO_ANSWER = 2


class Command(BaseCommand):
    help = (
        "Show where a running job is: its stack, the innermost frame first, as file, line and function."
        " Exit code 1 when it does not run, 2 when its process gave no answer."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", metavar="JOB")
        parser.add_argument("--all", action="store_true", help="the other threads of its process, too")
        parser.add_argument(
            "--wait", type=float, default=asking.LONGEST_WAIT, metavar="SECONDS", help="for the answer (default 3)"
        )

    def handle(self, *args: Any, job: str, wait: float, **options: Any) -> None:
        try:
            request = asking.ask(names.job_id(job), names.me())
        except asking.NotAsked as error:
            raise CommandError(str(error)) from None
        events.note_command(f"stack {job}", names.me())
        asking.wait(request, wait)
        for session in sessions.busy(request.worker_id):
            self.stdout.write(str(session))
        if reason := asking.why_not(request):
            self.stderr.write(str(reason))
            sys.exit(NO_ANSWER)
        for number, thread in enumerate(request.threads, 1):
            if thread["is_job"] or options["all"]:
                self._show(number, thread)

    def _show(self, number: int, thread: dict[str, Any]) -> None:
        self.stdout.write("The job" if thread["is_job"] else f"Thread {number}")
        for frame in thread["frames"]:
            self.stdout.write(f"  {frame}")
