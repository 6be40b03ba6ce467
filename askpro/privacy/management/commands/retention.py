import math
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from askpro.commands.arguments import company
from askpro.privacy.classes import Kept
from askpro.privacy.models import RetentionRun
from askpro.privacy.retention.runs import dry, go_on
from askpro.queues.management.names import me
from calls.models import Company

COLUMNS = ("deleted", "blanked", "held", "left")


class Command(BaseCommand):
    help = (
        "Delete and blank what is over its time, here and now, as the schedule does each night. Safe beside it; "
        "interrupted, the next run finds the rest."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--class", dest="kinds", action="append", choices=Kept.values, help="only these; repeatable"
        )
        parser.add_argument("--company", metavar="SLUG", help="only this company's rows")
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *args: Any, kinds: list[str] | None, dry_run: bool, **options: Any) -> None:
        only = company(options["company"]) if options["company"] else None
        self.stdout.write(f"{'class':<20}{'company':<30}" + "".join(f"{name:>10}" for name in COLUMNS))
        total = [0] * len(COLUMNS)
        try:
            for kind in kinds or Kept.values:
                for row in self._walk(kind, only, dry_run):
                    total = [sum(pair) for pair in zip(total, row, strict=True)]
        except ValueError as error:
            raise CommandError(str(error)) from error
        words = ", ".join(f"{count} {name}" for count, name in zip(total, COLUMNS, strict=True))
        self.stdout.write(f"{words}{' (nothing was written)' if dry_run else ''}.")

    def _walk(self, kind: str, only: Company | None, is_dry: bool) -> Iterable[tuple[int, ...]]:
        run = RetentionRun(kind=kind, company=only, by=me())
        if is_dry:
            found: dict[int | None, Any] = dict(dry(kind, run))
        else:
            run.save()
            go_on(run, math.inf, lambda: self._progress(run))
            found = {count.company_id: count for count in run.counts.all()}
        names = dict(Company.objects.values_list("pk", "name"))
        for company_id, counts in found.items():
            row = tuple(getattr(counts, name) for name in COLUMNS)
            whose = names.get(company_id, "(no company)") if company_id else "(no company)"
            self.stdout.write(f"{kind:<20}{whose[:28]:<30}" + "".join(f"{count:>10}" for count in row))
            yield row

    def _progress(self, run: RetentionRun) -> None:
        if run.place:
            self.stderr.write(f"{run.kind}: up to row {run.place} of table {run.shelf + 1}")
