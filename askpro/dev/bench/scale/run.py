"""`bench --scale`: prints what is needed for rates, and how well the simulation agrees with what was measured."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from askpro import queue_settings as product
from askpro.dev.bench.pressure.mix import QUEUES
from askpro.dev.bench.scale.costs import AT, CALL, CALL_JOBS, CAPACITY, FLUSH, JOB, P50, P99, Cost
from askpro.dev.bench.scale.needs import DAYS, USED, Needs, breaks, needs
from askpro.dev.bench.scale.simulation import Result, Simulation

RATES = (10.0, 100.0, 10_000.0)
# What is offered to find the most that is done, as shares of what the processors could do.
OFFERS = (0.9, 1.0, 1.1)
SECONDS = 20.0
CORES = 2


def run(rates: Sequence[float]) -> None:
    console = Console(highlight=False)
    console.print(_needs("jobs", rates, JOB, 1), _needs("calls", [rate / CALL_JOBS for rate in rates], CALL, CALL_JOBS))
    console.print(f"Processors are used to {USED:.0%}. Rows are kept for {DAYS} days.\n")
    console.print(_agreement(*simulated()))


def simulated() -> tuple[float, Result]:
    """The most that the production pools do on `CORES` processors, and how they do at the rate that was measured."""
    pools = production()

    def offered(rate: float) -> Result:
        return Simulation(JOB.processor, CORES, pools, FLUSH).run(rate, SECONDS)

    return max(offered(CORES / JOB.processor * share).done for share in OFFERS), offered(AT)


def production() -> dict[str, int]:
    """The most processes of each queue."""
    pools = product.ENVIRONMENTS["production"]
    return {queue: pools[queue].get("max_processes") or pools[queue]["processes"] for queue in QUEUES}


def _needs(what: str, rates: Sequence[float], cost: Cost, jobs: int) -> Table:
    table = Table(title=f"What {what} need")
    table.add_column(f"{what} a second", justify="right")
    for name in (
        "Cores: workers",
        "PostgreSQL",
        "web",
        "Processes",
        "Log, MB/s",
        "Kept, GB",
        "Commits/s",
        "Breaks first",
    ):
        table.add_column(name, justify="left" if name == "Breaks first" else "right")
    for rate in rates:
        table.add_row(f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}", *_row(needs(rate, cost, jobs)))
    return table


def _row(needed: Needs) -> Sequence[str]:
    return (
        *(f"{cores:,.1f}" for cores in (needed.workers, needed.postgres, needed.web)),
        f"{needed.processes:,}",
        f"{needed.log / 1e6:,.1f}",
        f"{needed.kept / 1e9:,.0f}",
        f"{needed.commits:,.0f}",
        ", ".join(breaks(needed)) or "nothing",
    )


def _agreement(capacity: float, result: Result) -> Table:
    table = Table(title=f"{CORES} cores: simulated and measured")
    for name in ("", "Simulated", "Measured"):
        table.add_column(name, justify="right" if name else "left")
    table.add_row("jobs a second at most", f"{capacity:,.0f}", f"{CAPACITY:,.0f}")
    table.add_row(f"pick-up p50 at {AT:,.0f} a second, ms", f"{result.p50:.1f}", f"{P50:.1f}")
    table.add_row(f"p99 at {AT:,.0f} a second, ms", f"{result.p99:.1f}", f"{P99:.1f}")
    return table
