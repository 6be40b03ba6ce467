"""Choosing dead jobs on the command line."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from askpro.queues.management import names
from askpro.queues.models import Job


def add_arguments(parser: CommandParser) -> None:
    """Ids, or what the dead jobs have in common."""
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--all", action="store_true", help="all dead jobs, or all that the options below choose")
    parser.add_argument("--queue", help="only of this queue")
    parser.add_argument("--actor", help="only of this job")
    parser.add_argument("--hours", type=float, help="only those that died in the last hours")


def chosen(options: Mapping[str, Any]) -> QuerySet[Job]:
    """The dead jobs that the options choose. Raises `CommandError` when no option says which."""
    jobs = Job.objects.filter(status=Job.Status.DEAD).order_by("pk")
    if options["ids"]:
        return jobs.filter(pk__in=[names.job_id(text) for text in options["ids"]])
    if not options["all"]:
        raise CommandError("Name ids, or --all with --queue, --actor or --hours to narrow it.")
    if options["queue"]:
        jobs = jobs.filter(queue_name__in=names.known_queues([options["queue"]]))
    if options["actor"]:
        jobs = jobs.filter(actor_name__in=names.known_actors([options["actor"]]))
    if options["hours"] is not None:
        jobs = jobs.filter(finished_at__gte=timezone.now() - timedelta(hours=options["hours"]))
    return jobs
