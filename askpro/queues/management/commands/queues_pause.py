"""`manage.py queues_pause`: jobs of a queue or of an actor are no longer claimed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from askpro.queues.fleet import pauses
from askpro.queues.management import names
from askpro.queues.models import Pause


class Command(BaseCommand):
    help = (
        "Pause queues or jobs on every host, within a second. Running jobs finish, new ones wait. The pause outlasts"
        " restarts; it ends with queues_resume or at --until."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("queues", nargs="*", metavar="QUEUE")
        parser.add_argument("--actor", action="append", default=[], help="a job's name; may be repeated")
        parser.add_argument("--until", help="a time such as 2026-12-24T18:00; without it, until queues_resume")
        parser.add_argument("--reason", default="", help="why; the console shows it beside the pause")

    def handle(
        self, *args: Any, queues: list[str], actor: list[str], until: str | None, reason: str, **options: Any
    ) -> None:
        moment = _moment(until)
        if not (queues or actor):
            raise CommandError("Name a queue or an --actor.")
        queues, actors = names.known_queues(queues), names.known_actors(actor)
        if queues:
            pauses.pause(Pause.Kind.QUEUE, queues, moment, by=names.me(), reason=reason)
        if actors:
            pauses.pause(Pause.Kind.ACTOR, actors, moment, by=names.me(), reason=reason)
        self.stdout.write(f"Paused: {', '.join([*queues, *actors])}.")


def _moment(text: str | None) -> Any:
    if text is None:
        return None
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"{text!r} is not a time; write it as 2026-12-24T18:00.")
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment)
    if moment <= timezone.now():
        raise CommandError(f"{text} has passed.")
    return moment
