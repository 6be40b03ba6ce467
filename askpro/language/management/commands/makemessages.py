from typing import Any

from django.core.management.base import BaseCommand

from askpro.language import catalogue


class Command(BaseCommand):
    help = "Bring the sentences of the code into the German catalogue and say which lack German."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        missing = catalogue.update_source()
        for sentence in missing:
            self.stdout.write(f"no German yet: {sentence}")
        self.stdout.write(f"{len(missing)} sentences lack German in {catalogue.SOURCE.relative_to(catalogue.ROOT)}.")
