"""What was found: the slowest pages, and all that take too long, ask too often, or count without an end."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from askpro.dev.bench.console.asking import Asked
from askpro.dev.bench.console.scale import Scale
from askpro.dev.bench.figures import percentile
from askpro.dev.bench.report import described

LONGEST: Final = 150.0
MOST_QUERIES: Final = 15
SHOWN: Final = 25


@dataclass(frozen=True, slots=True)
class Report:
    """`strangers` is the share of the processors that other programs took meanwhile."""

    machine: dict[str, Any]
    scale: Scale
    pages: Sequence[Asked]
    strangers: float

    @property
    def p95(self) -> float:
        """Over all addresses and rounds, in milliseconds."""
        return percentile([taken for page in self.pages for taken in page.times], 0.95)

    def as_json(self) -> dict[str, Any]:
        return {
            "machine": self.machine,
            "rows": str(self.scale),
            "addresses": len(self.pages),
            "p95": round(self.p95, 1),
            "strangers": round(self.strangers, 2),
            "pages": [_as_json(page) for page in _slowest_first(self.pages)],
        }


def faults(page: Asked) -> list[str]:
    """What of the page misses the target."""
    found = []
    if p95(page) > LONGEST:
        found.append("slow")
    if page.queries > MOST_QUERIES:
        found.append(f"{page.queries} queries")
    if page.endless:
        found.append("counts without an end")
    if page.status >= 500:
        found.append(str(page.status))
    return found


def p95(page: Asked) -> float:
    return percentile(page.times, 0.95)


def print_json(report: Report) -> None:
    print(json.dumps(report.as_json(), indent=2, ensure_ascii=False))


def print_table(report: Report) -> None:
    console = Console(highlight=False)
    console.print(described(report.machine))
    wrong = [page for page in report.pages if faults(page)]
    console.print(
        f"{report.scale}: {len(report.pages)} addresses, p95 of all {report.p95:.0f} ms (≤ {LONGEST:.0f});"
        f" {len(wrong)} miss a target; other programs took {report.strangers:.0%} of the processors"
    )
    shown = _slowest_first(report.pages)[:SHOWN]
    console.print(_table([*shown, *(page for page in wrong if page not in shown)]))


def _table(pages: Sequence[Asked]) -> Table:
    table = Table(title="The slowest, and what misses a target")
    for name in ("Page", "p50, ms", "p95, ms", "Processor, ms", "Queries", ""):
        table.add_column(name, justify="left" if name in ("Page", "") else "right", overflow="fold")
    for page in pages:
        times = (f"{percentile(page.times, share):,.0f}" for share in (0.5, 0.95))
        work = f"{percentile(page.work, 0.5):,.0f}"
        words = f"[red]{', '.join(faults(page))}[/]" if faults(page) else ""
        table.add_row(f"{page.address.page}\n[dim]{page.address.path}[/]", *times, work, str(page.queries), words)
    return table


def _slowest_first(pages: Sequence[Asked]) -> list[Asked]:
    return sorted(pages, key=p95, reverse=True)


def _as_json(page: Asked) -> dict[str, Any]:
    return {
        "page": page.address.page,
        "path": page.address.path,
        "p50": round(percentile(page.times, 0.5), 1),
        "p95": round(p95(page), 1),
        "work": round(percentile(page.work, 0.5), 1),
        "queries": page.queries,
        "endless": page.endless,
        "faults": faults(page),
    }
