"""`manage.py queues_jobs`: every job in one table."""

from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import autodiscover_modules

from askpro.queues.jobs.catalogue import table

# The engine's own jobs are no jobs of the product, and the app that holds it together has none beside its parts'.
# The one of django-dramatiq deletes rows that its `AdminMiddleware` would write.
OWN = ("askpro", "askpro.queues", "django_dramatiq")
BEGIN, END = "<!-- jobs: begin -->\n", "<!-- jobs: end -->\n"


class Command(BaseCommand):
    help = "Print every job with its queue, tries and limits; with --write, update the table in docs/jobs.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="update docs/jobs.md")

    def handle(self, *args: Any, write: bool, **options: Any) -> None:
        autodiscover_modules("tasks")
        jobs = table(product())
        if write:
            renew(Path(settings.BASE_DIR) / "docs" / "jobs.md", jobs)
        else:
            self.stdout.write(jobs)


def product() -> list[str]:
    """The apps whose jobs are the product's."""
    return [app.name for app in apps.get_app_configs() if app.name not in OWN]


def renew(path: Path, jobs: str) -> None:
    """Put the table between the two marks of the file."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(before + BEGIN + jobs + END + after, encoding="utf-8")
