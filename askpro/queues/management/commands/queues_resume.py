"""`manage.py queues_resume`: end pauses."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from askpro.queues.fleet import pauses
from askpro.queues.management import names
from askpro.queues.models import Pause


class Command(BaseCommand):
    help = "Let paused queues or jobs be claimed again, on every host. Exit code 1 when nothing was paused."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("queues", nargs="*", metavar="QUEUE")
        parser.add_argument("--actor", action="append", default=[], help="a job's name; may be repeated")
        parser.add_argument("--all", action="store_true", help="end every pause")

    def handle(self, *args: Any, queues: list[str], actor: list[str], **options: Any) -> None:
        if options["all"]:
            queues, actor = _paused(Pause.Kind.QUEUE), _paused(Pause.Kind.ACTOR)
        elif not (queues or actor):
            raise CommandError("Name a queue, an --actor, or --all.")
        count = pauses.resume(Pause.Kind.QUEUE, queues, by=names.me())
        count += pauses.resume(Pause.Kind.ACTOR, actor, by=names.me())
        if not count:
            raise CommandError("None of them was paused.")
        self.stdout.write(f"Resumed: {', '.join([*queues, *actor])}.")


def _paused(kind: Pause.Kind) -> list[str]:
    return list(Pause.objects.filter(kind=kind).values_list("name", flat=True))
