"""Spreads the tests over processes as pytest-xdist does, and lets the run go on when one of the processes has ended."""

from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling
from xdist.workermanage import WorkerController


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadGroupScheduling | None:
    return Spread(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: Any) -> None:
    """Call a test by its name without its group, so that `--last-failed` finds it in one process, too."""
    if hasattr(report, "node") and report.nodeid.rfind("@") > report.nodeid.rfind("]"):
        report.nodeid = report.nodeid.rpartition("@")[0]


class Spread(LoadGroupScheduling):
    """A test that has ended its process, as one that hangs does, has failed.

    pytest-xdist 3.8 gives it to the next process, which it ends too, and gives what had run already to that one again
    as units without a test, for whose end it waits.
    """

    def remove_node(self, node: WorkerController) -> str | None:
        """What was running in a process that has ended, if anything; the others get what it had not begun."""
        units = {scope: unit for scope, unit in self.assigned_work[node].items() if not all(unit.values())}
        running = next((name for unit in units.values() for name, is_over in unit.items() if not is_over), None)
        for unit in units.values():
            if running in unit:
                unit[running] = True
        self.assigned_work[node] = {scope: unit for scope, unit in units.items() if not all(unit.values())}
        super().remove_node(node)
        return running

    def _reschedule(self, node: WorkerController) -> None:
        super()._reschedule(node)
        # A process runs a test once it knows the next one, or that there is none.
        while not node.shutting_down and self._pending_of(self.assigned_work[node]) < 2:
            super()._reschedule(node)
