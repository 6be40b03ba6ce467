"""The result as a table for people and as JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from askpro.dev.bench.call_cost import CallCost
from askpro.dev.bench.figures import Figure
from askpro.dev.bench.weights import Weight

# Above this share of the processors used by other programs, a rate means nothing.
NOISY = 0.15
# Above this share even a ratio means nothing, since the two sides need different processes.
USELESS = 0.35
TRUST = "Trust the ratios, not the rates and times."
_WORDS = {None: "", True: "[green]met[/]", False: "[red]missed[/]"}


@dataclass
class Report:
    """What a run has found so far. `costs` are microseconds of processor time an empty job, by side and process."""

    machine: dict[str, Any]
    figures: list[Figure] = field(default_factory=list)
    costs: list[dict[str, Any]] = field(default_factory=list)
    weights: list[Weight] = field(default_factory=list)
    call: CallCost | None = None

    def add_costs(self, costs: Sequence[dict[str, Any]]) -> None:
        """The first costs of a side are kept: in later measures it may only be the baseline."""
        known = {cost["side"] for cost in self.costs}
        self.costs += [cost for cost in costs if cost["side"] not in known]


def print_json(report: Report) -> None:
    figures = [figure.as_json() for figure in report.figures]
    weights = [weight.as_json() for weight in report.weights]
    result = {"machine": report.machine, "figures": figures, "cpu_per_job_us": report.costs, "weights": weights}
    if report.call:
        result["call"] = report.call.as_json()
    print(json.dumps(result, indent=2, ensure_ascii=False))


def print_table(report: Report) -> None:
    console = Console(highlight=False)
    console.print(described(report.machine))
    if report.figures:
        console.print(_figures(report.figures))
    if report.costs:
        console.print(_costs(report.costs))
    if report.weights:
        console.print(_weights(report.weights))
    if report.call:
        console.print(_call(report.call))
    shares = [share for figure in report.figures for share in figure.strangers]
    if shares and median(shares) > NOISY:
        console.print(
            f"[yellow]Other programs took {median(shares):.0%} of the processors while it measured, up to"
            f" {max(shares):.0%}. {'Repeat it on a quiet machine.' if median(shares) > USELESS else TRUST}[/]"
        )


def described(machine: dict[str, Any]) -> str:
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}\n"
        f"Python {machine['python']}, Django {machine['django']}, Dramatiq {machine['dramatiq']},"
        f" PostgreSQL {machine['postgresql']} (fsync {machine['fsync']}, synchronous_commit"
        f" {machine['synchronous_commit']}), {machine['redis']}; load before: {machine['load_before'][0]}"
    )


def _figures(figures: Sequence[Figure]) -> Table:
    table = Table(title="Median of the rounds; the ratio: how many times better AskPro is", show_lines=True)
    table.add_column("Measure, and its peer", min_width=26)
    for name in ("AskPro", "Peer", "Ratio", "Target"):
        table.add_column(name, justify="right", no_wrap=True)
    for figure in figures:
        table.add_row(
            f"{figure.measure}\n[dim]{figure.peer_name}[/]",
            f"{_number(median(figure.ours))}\n[dim]{figure.unit}[/]",
            f"{_number(median(figure.peer))}\n[dim]{figure.unit}[/]",
            f"{figure.ratio:.2f}" if figure.is_compared else "–",
            f"{figure.target or ''}\n{_WORDS[figure.is_met]}",
        )
    return table


def _costs(costs: Sequence[dict[str, Any]]) -> Table:
    table = Table(title="Processor time of an empty job, µs, and what remains of it in SQL")
    for name in ("", "Workers", "PostgreSQL", "Redis", "Together", "Left in SQL"):
        table.add_column(name, justify="left" if name in ("", "Left in SQL") else "right")
    for cost in costs:
        parts = [cost["workers"], cost["postgres"], cost["redis"]]
        whole = sum(part for part in parts if part is not None)
        times = ("–" if part is None else f"{part:,.0f}" for part in (*parts, whole))
        table.add_row(cost["side"], *times, cost["kept"])
    return table


def _weights(weights: Sequence[Weight]) -> Table:
    table = Table(title="What a job costs in PostgreSQL; alone, and fifty at once")
    for name in ("", "Rows kept", "Bytes kept", "Log alone, B", "Log of fifty, B", "Statements alone"):
        table.add_column(name, justify="right" if name else "left")
    for each in weights:
        numbers = (each.kept, each.log_alone, each.log_together)
        statements = f"{each.statements_alone:.1f}"
        table.add_row(each.kind, f"{each.rows:.2f}", *(f"{number:,.0f}" for number in numbers), statements)
    return table


def _call(cost: CallCost) -> Table:
    table = Table(title="What a call costs, from its webhook to the accepted SMS")
    for name in ("Jobs", "Commits", "Log, kB", "Kept, kB", "Web, ms", "Workers, ms", "PostgreSQL, ms", "Redis, ms"):
        table.add_column(name, justify="right")
    seconds = (cost.web, cost.workers, cost.postgres, cost.redis)
    table.add_row(
        f"{cost.jobs:.1f}",
        f"{cost.commits:.0f}",
        *(f"{size / 1000:,.0f}" for size in (cost.log, cost.kept)),
        *("–" if each is None else f"{each * 1000:.1f}" for each in seconds),
    )
    return table


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"
