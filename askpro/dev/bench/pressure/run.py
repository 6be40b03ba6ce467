"""A run of `bench --pressure`."""

import os
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import psutil
from django.core.management import call_command
from django.db import connection

from askpro import queue_settings as product
from askpro.dev.bench.machine import describe
from askpro.dev.bench.pressure import pools
from askpro.dev.bench.pressure.gauges import NAME
from askpro.dev.bench.pressure.marks import Marks
from askpro.dev.bench.pressure.offer import Offer
from askpro.dev.bench.pressure.ours import AskPro
from askpro.dev.bench.pressure.peers.kinds import MODULES
from askpro.dev.bench.pressure.peers.rival import Rival
from askpro.dev.bench.pressure.phases import Phase
from askpro.dev.bench.pressure.report import Report, Result, print_json, print_table
from askpro.dev.bench.pressure.server import OwnServer, own_server
from askpro.dev.bench.pressure.side import Side
from askpro.dev.bench.pressure.trial import Trial
from askpro.dev.bench.progress import Steps

# Jobs a second, and the share of its capacity that is offered to a side that cannot carry as many.
OFFER = 800.0
CARRIED = 0.7


@dataclass(frozen=True, slots=True)
class Plan:
    """`share` makes everything smaller, for the tests: the offer, the pools, and what precedes the phases."""

    phases: Sequence[Phase]
    minutes: float
    share: float = 1.0


def run(folder: Path, plan: Plan, packages: Path | None, *, as_json: bool) -> None:
    """Measure and print; what was found before a failure is printed too. `packages` are the peers'."""
    os.environ["PGAPPNAME"] = NAME
    report = Report(describe(), plan.minutes)
    server = own_server()
    phases = [phase for phase in plan.phases if server or not phase.needs_own_server]
    report.left_out = [phase.name for phase in plan.phases if phase not in phases]
    rivals = MODULES if packages else {}
    try:
        with Steps(len(phases) * (1 + len(rivals))) as steps:
            steps.say("Schema")
            call_command("migrate", run_syncdb=True, verbosity=0)
            run = Run(folder, plan, phases, server, steps, report)
            run.take(*_ours(folder, plan.share))
            for module, kind in rivals.items():
                assert packages is not None
                run.take(Rival(kind, module, folder, packages), kind.setting)
    finally:
        if any(result.measured for result in report.results):
            (print_json if as_json else print_table)(report)


@dataclass(frozen=True, slots=True)
class Run:
    """What all sides go through, one after the other."""

    folder: Path
    plan: Plan
    phases: Sequence[Phase]
    server: OwnServer | None
    steps: Steps
    report: Report

    def take(self, side: Side, about: str) -> None:
        """Measure a side, whose program has just been started, and end it."""
        result = Result(side.name, about)
        self.report.results.append(result)
        self.steps.say(f"{side.name} starts")
        share, rate = self.plan.share, OFFER * self.plan.share
        with ExitStack() as stack:
            stack.callback(side.program.stop)
            marks = stack.enter_context(closing(Marks()))
            offer = stack.enter_context(closing(Offer(side.sender, self.folder, side.env)))
            side.wait()
            trial = stack.enter_context(closing(Trial(side, offer, marks, self.server, self.steps.say)))
            trial.warm_up(rate)
            result.capacity = trial.capacity(share)
            offered = min(rate, result.capacity * CARRIED)
            trial.warm_up(offered)
            for phase in self.phases:
                result.measured.append(trial.take(phase, self.plan.minutes * 60, offered, result.capacity))
                self.steps.done()


def _ours(folder: Path, share: float) -> tuple[AskPro, str]:
    """Our side and a sentence about its pools."""
    production = product.ENVIRONMENTS["production"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_connections')::int")
        (connections,) = cursor.fetchone()
    free = psutil.virtual_memory().available / 2**20
    fitting = pools.fitting(pools.most(production), free, connections)
    scaled = pools.scaled(production, min(share, fitting))
    least, most = pools.least(scaled), pools.most(scaled)
    about = f"the production pools, {least} to {most} processes"
    if scaled != production:
        about += f" of {pools.least(production)} to {pools.most(production)}"
    if fitting < share:
        about += ", as many as memory and connections suffice for"
    return AskPro(folder, least, min(share, fitting)), about
