"""`bench --pressure --marathon JOBS`: millions of empty jobs at a steady rate, minute by minute.

It runs with the retention of the queue settings, so that the size shows whether the ledger keeps within bounds.
"""

import json
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from django.core.management import call_command
from rich.console import Console
from rich.table import Table

from askpro.dev.bench import tasks
from askpro.dev.bench.figures import percentile
from askpro.dev.bench.machine import describe
from askpro.dev.bench.pressure.gauges import Watch
from askpro.dev.bench.pressure.marks import Marks
from askpro.dev.bench.pressure.mix import COMPANIES, Spec, jobs
from askpro.dev.bench.pressure.offer import Offer
from askpro.dev.bench.pressure.ours import AskPro
from askpro.dev.bench.progress import Steps
from askpro.dev.bench.queue_settings import PROCESSES
from askpro.dev.bench.report import described
from askpro.queues import send_many

# Jobs a second.
OFFER = 5_000.0
MINUTE = 60.0
# Seconds before the first that counts.
WARM_UP = 5.0
# The share of the offer that must be done, and how many times the first p99 the last may be.
ENOUGH = 0.95
SLOWER = 2.0
# First and last are the medians of this share of the minutes.
PART = 0.1
# More rows are no table any more.
ROWS = 24


@dataclass(frozen=True, slots=True)
class Minute:
    """Jobs a second, milliseconds of pick-up, and the tables at its end."""

    done: float
    p50: float
    p99: float
    dead_rows: int
    size: int


@dataclass(frozen=True, slots=True)
class Course:
    """All minutes at one offer, in jobs a second."""

    offer: float
    minutes: Sequence[Minute]

    @property
    def p99(self) -> tuple[float, float]:
        """At first and at last."""
        part = max(1, round(len(self.minutes) * PART))
        return median(each.p99 for each in self.minutes[:part]), median(each.p99 for each in self.minutes[-part:])

    @property
    def holds_its_rate(self) -> bool:
        return min(each.done for each in self.minutes) >= ENOUGH * self.offer

    @property
    def is_steady(self) -> bool:
        first, last = self.p99
        return last <= SLOWER * first


def send(specs: Sequence[Spec], moment: int) -> None:
    """Empty jobs in one transaction, each with two tags."""
    numbers = [spec.number for spec, _ in jobs(specs, moment)]
    send_many([tasks.heard.message(call_id=n, company_id=n % COMPANIES, sent=moment) for n in numbers])


def run(folder: Path, count: int, share: float, *, as_json: bool) -> None:
    """Offer `count` jobs and print what was found, also before a failure."""
    minutes: list[Minute] = []
    offer, length = OFFER * share, MINUTE * share
    machine = describe()
    try:
        with Steps(max(1, round(count / offer / length))) as steps, ExitStack() as stack:
            steps.say("Schema")
            call_command("migrate", run_syncdb=True, verbosity=0)
            _run(folder, count, offer, length, stack, steps, minutes)
    finally:
        if minutes:
            (_print_json if as_json else _print_table)(machine, Course(offer, minutes))


def _run(
    folder: Path, count: int, offer: float, length: float, stack: ExitStack, steps: Steps, minutes: list[Minute]
) -> None:
    side = AskPro(folder, PROCESSES, environment="bench", sender=__name__)
    stack.callback(side.program.stop)
    marks = stack.enter_context(closing(Marks()))
    sender = stack.enter_context(closing(Offer(side.sender, folder)))
    watch = stack.enter_context(closing(Watch(side.tables, side.job_tables)))
    side.wait()
    sender.rate(offer)
    marks.listen(WARM_UP)
    while marks.starts.count < count:
        steps.say(f"Minute {len(minutes) + 1}: {marks.starts.count:,} of {count:,} jobs")
        minutes.append(_minute(marks, watch, length))
        steps.done()


def _minute(marks: Marks, watch: Watch, length: float) -> Minute:
    marks.forget()
    before, began = marks.starts.count, time.monotonic()
    marks.listen(length)
    took = time.monotonic() - began
    gauges, heard = watch.look(), marks.forget()
    waited = heard.waited or [0.0]
    done = (heard.count - before) / took
    return Minute(done, percentile(waited, 0.5), percentile(waited, 0.99), gauges.dead_rows, gauges.size)


def _print_json(machine: dict[str, Any], course: Course) -> None:
    found = {
        "machine": machine,
        "offer": course.offer,
        "minutes": [asdict(minute) for minute in course.minutes],
        "rate_met": course.holds_its_rate,
        "p99_met": course.is_steady,
    }
    print(json.dumps(found, indent=2, ensure_ascii=False))


def _print_table(machine: dict[str, Any], course: Course) -> None:
    console = Console(highlight=False)
    console.print(described(machine))
    table = Table("Minute", "Done, 1/s", "Pick-up p50, p99, ms", "Dead rows", "Size, MB")
    step = -(-len(course.minutes) // ROWS)
    for number, each in enumerate(course.minutes, 1):
        if number % step == 0 or number in (1, len(course.minutes)):
            waited = f"{each.p50:.1f}, {each.p99:.1f}"
            table.add_row(str(number), f"{each.done:,.0f}", waited, f"{each.dead_rows:,}", f"{each.size / 2**20:,.0f}")
    console.print(table)
    first, last = course.p99
    console.print(
        f"The rate {_met(course.holds_its_rate)}: at least {ENOUGH:.0%} of {course.offer:,.0f} in every minute."
    )
    console.print(f"p99 {_met(course.is_steady)}: {first:.1f} ms at first, {last:.1f} ms at last, at most doubled.")


def _met(is_met: bool) -> str:
    return "[green]met[/]" if is_met else "[red]missed[/]"
