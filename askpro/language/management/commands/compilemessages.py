from typing import Any

from django.core.management.base import BaseCommand

from askpro.language import catalogue


class Command(BaseCommand):
    help = "Compile the German sentences; a deployment runs it once per release. Needs no gettext tools."
    # One of the checks asks for what this command makes.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        catalogue.compile_source()
        self.stdout.write(f"Compiled {catalogue.COMPILED.relative_to(catalogue.ROOT)}.")
