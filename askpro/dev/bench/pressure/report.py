"""The result of a run under pressure, as a table for people and as JSON for programs."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from askpro.dev.bench.pressure.phases import CLEAN, Judged
from askpro.dev.bench.pressure.verdict import Measured, Verdict, judge
from askpro.dev.bench.report import described

COLUMNS = (
    "Phase",
    "Done of offered, 1/s",
    "Pick-up p50, p99, ms",
    "p99 at first, at last",
    "Clean again after",
    "Dead rows, size",
    "Updates, claims a job",
    "WAL a job",
    "CPU a job, ms",
)
NONE: tuple[float, ...] = ()
# For output that goes to a file.
WIDTH = 140


@dataclass
class Result:
    """What was found of one side; the clean phase comes first."""

    side: str
    about: str
    capacity: float = 0.0
    measured: list[Measured] = field(default_factory=list)

    def verdicts(self) -> list[Verdict]:
        return [judge(each, self.measured[0], self.capacity) for each in self.measured]


@dataclass
class Report:
    """What a run has found so far. `left_out` are phases that need a PostgreSQL of the benchmark's own."""

    machine: dict[str, Any]
    minutes: float
    results: list[Result] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def print_json(report: Report) -> None:
    found = {
        "machine": report.machine,
        "minutes": report.minutes,
        "left_out": report.left_out,
        "sides": [_as_json(result) for result in report.results],
    }
    print(json.dumps(found, indent=2, ensure_ascii=False))


def print_table(report: Report) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    console.print(described(report.machine))
    for result in report.results:
        console.print(_table(result, report.minutes))
    noise = max((each.strangers for result in report.results for each in result.measured), default=0.0)
    console.print(f"Other programs took up to {noise:.0%} of the processors in a phase.")
    if report.left_out:
        console.print(f"Left out, since PostgreSQL is not the benchmark's own: {', '.join(report.left_out)}.")


def _as_json(result: Result) -> dict[str, Any]:
    phases = [
        each.as_json() | {"verdict": asdict(verdict), "met": verdict.is_met}
        for each, verdict in zip(result.measured, result.verdicts(), strict=True)
    ]
    return {"side": result.side, "about": result.about, "capacity": round(result.capacity, 1), "phases": phases}


def _table(result: Result, minutes: float) -> Table:
    title = f"{result.side}: {result.about}; capacity {result.capacity:,.0f} jobs/s; {minutes:g} min a phase"
    table = Table(title=title, show_lines=True)
    for name in COLUMNS:
        table.add_column(name, justify="left" if name == COLUMNS[0] else "right")
    for each, verdict in zip(result.measured, result.verdicts(), strict=True):
        table.add_row(*_row(each, verdict))
    return table


def _row(each: Measured, verdict: Verdict) -> list[str]:
    found = each.pick_up
    waited = (found.p50, found.p99) if found else NONE
    thirds = (found.first_third, found.last_third) if found else NONE
    return [
        each.phase.name + (f"\n[dim]away for {each.away:.1f} s[/]" if each.away else ""),
        _marked(f"{each.done:,.0f} of {each.offered:,.0f}", verdict.rate),
        _marked(_pair(waited), verdict.pick_up),
        _marked(_pair(thirds), verdict.steady),
        _marked(_back(each), verdict.back),
        f"{each.dead_rows:,}\n{each.size / 2**20:,.0f} MB",
        f"{each.updates:.2f}, {'–' if each.claims is None else f'{each.claims:.2f}'}\n[dim]{each.hot:.0%} HOT[/]",
        f"{each.wal / 1024:.1f} kB",
        f"workers {each.workers * 1e3:.2f}\nPG {'–' if each.postgres is None else f'{each.postgres * 1e3:.2f}'}",
    ]


def _pair(milliseconds: Sequence[float]) -> str:
    return ", ".join(f"{each:,.0f}" if each >= 100 else f"{each:.1f}" for each in milliseconds) or "–"


def _back(each: Measured) -> str:
    if each.phase is CLEAN:
        return ""
    drained, clean = each.back.drained, each.back.clean
    text = "not seen" if clean is None else f"{clean:.0f} s"
    if each.phase.judged is Judged.NOT:
        text = f"{'the backlog stays' if drained is None else f'backlog {drained:.0f} s'}, then {text}"
    return text


def _marked(text: str, is_met: bool | None) -> str:
    return text if is_met is None else f"{text}\n{'[green]met[/]' if is_met else '[red]missed[/]'}"
