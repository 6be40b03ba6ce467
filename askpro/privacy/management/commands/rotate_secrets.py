from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from askpro.encryption.rotation import Place, Rewritten, rewrite, sealed_fields


class Command(BaseCommand):
    help = (
        "Write everything that is encrypted anew under the newest key of DATA_KEYS, and encrypt what an earlier "
        "release stored in plain. Safe beside running workers; interrupted, it goes on where it stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only read, and count what would be written")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        done = [rewrite(column, is_dry=dry_run, note=self._progress) for column in sealed_fields()]
        unreadable = [place for each in done for place in each.unreadable]
        self._summarise(done, dry_run)
        for place in unreadable:
            self.stderr.write(f"cannot be read: {place}")
        if unreadable:
            raise CommandError(_advice(unreadable))

    def _progress(self, done: Rewritten) -> None:
        self.stdout.write(f"{done.column}: {done.rewritten} so far")

    def _summarise(self, done: list[Rewritten], is_dry: bool) -> None:
        verb = "would be written" if is_dry else "written"
        for each in done:
            if each.rewritten or each.changed or each.unreadable:
                changed = f", {each.changed} written by others meanwhile" if each.changed else ""
                lost = f", {len(each.unreadable)} unreadable" if each.unreadable else ""
                self.stdout.write(f"{each.column}: {each.rewritten} {verb}{changed}{lost}.")
        total = sum(each.rewritten for each in done)
        self.stdout.write(f"{total} values {verb} under the newest key, in {len(done)} fields.")


def _advice(unreadable: list[Place]) -> str:
    return (
        f"{len(unreadable)} values could not be read: no key of DATA_KEYS, and no SECRET_KEY, has written them. "
        "Put the key back behind the newest one and run this again, or enter the values anew."
    )
