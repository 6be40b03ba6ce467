"""`queues_status` as a page of text, for a terminal of any size from 80 by 24."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from askpro.queues.fleet import status
from askpro.queues.fleet.backlog import MOST_COUNTED
from askpro.queues.fleet.state import SILENT_AFTER
from askpro.queues.fleet.status import QueueStatus, Status

# From this width on there is room for less important columns.
WIDE = 110
COLORS = {status.RUNNING: "green", status.PAUSED: "yellow", status.INACTIVE: "red"}
EVENTS = {"command": "cyan", "recycled": "", "restarted": "green"}
LEAST_EVENTS = 2
MOST_GATES = 4


@dataclass(frozen=True, slots=True)
class Size:
    """The size of the terminal, in characters; `height` 0 means a page of any length."""

    width: int
    height: int = 0

    @property
    def is_wide(self) -> bool:
        return self.width >= WIDE


def page(now: Status, size: Size, trouble: str = "") -> Group:
    """The whole page, the most urgent first; events as far as there is room. `trouble` is why it may be outdated."""
    parts: list[RenderableType] = [_head(now, size, trouble), *_pauses(now), *_gates(now), _queues(now, size), ""]
    used = 2 + len(_pauses(now)) + len(_gates(now)) + len(now.queues) + 1
    if now.pools:
        parts += [_pools(now, size), ""]
        used += len(now.pools) + 2
    room = max(size.height - used - 2 - LEAST_EVENTS, 1) if size.height else len(now.supervisors)
    parts.append(_supervisors(now, size, room))
    used += 2 + min(len(now.supervisors), room) + (len(now.supervisors) > room)
    left = size.height - used - 1 if size.height else 5
    if left > 0 and now.events:
        parts += ["", *_events(now, left)]
    return Group(*parts)


def blank(trouble: str) -> Text:
    """The page before anything could be read."""
    return Text(trouble, style="bold red")


def _head(now: Status, size: Size, trouble: str) -> Text:
    if trouble:
        return _line(Text(f"{trouble} These figures are old.", style="bold white on red"), size)
    head = Text(status.WORDS[now.code].capitalize(), style=f"bold {COLORS[now.code]}")
    processes = sum(pool.processes for pool in now.pools)
    hosts = len({each.host for each in now.supervisors if each.status != "dead" and each.silent < SILENT_AFTER})
    rate = sum(queue.rate for queue in now.queues)
    head.append(
        f"   {processes} processes on {hosts} host{'' if hosts == 1 else 's'}, {rate:.1f} runs/s", style="default"
    )
    head.append(f"   {timezone.localtime():%H:%M:%S}", style="dim")
    return _line(head, size)


def _pauses(now: Status) -> list[Text]:
    lines = []
    for pause in now.pauses:
        until = f" until {timezone.localtime(pause.until):%Y-%m-%d %H:%M}" if pause.until else ""
        by = f" by {pause.by}" if pause.by else ""
        lines.append(Text(f"Paused: {pause.kind} {pause.name}{until}{by}", style="yellow", no_wrap=True))
    return lines


def _gates(now: Status) -> list[Text]:
    lines = []
    for gate in now.gates[:MOST_GATES]:
        state = f"shut until {timezone.localtime(gate.shut_until):%H:%M:%S}" if gate.shut_until else "full"
        why = f" ({gate.reason})" if gate.reason else ""
        words = f"Gate {gate.name}: {state}, {gate.waiting} wait{why}"
        lines.append(Text(words, style="red" if gate.shut_until else "yellow", no_wrap=True))
    if len(now.gates) > MOST_GATES:
        lines.append(Text(f"and {len(now.gates) - MOST_GATES} more gates", style="dim"))
    return lines


def _queues(now: Status, size: Size) -> Table:
    table = _table("Queue", ["Ready", "Oldest", "Promise", "Running", "Later", "Dead", "Procs", "Runs/s"], size)
    if size.is_wide:
        table.add_column("Run time", justify="right")
        table.add_column("", no_wrap=True, ratio=1)
    paused = {pause.name for pause in now.pauses if pause.kind == "queue"}
    for queue in now.queues:
        table.add_row(*_queue(queue, is_paused=queue.name in paused, is_wide=size.is_wide))
    return table


def _queue(queue: QueueStatus, is_paused: bool, is_wide: bool) -> list[str | Text]:
    is_late = queue.oldest > queue.promise and not is_paused
    row: list[str | Text] = [
        Text(queue.name, style="yellow" if is_paused else ""),
        f"{queue.ready}" + ("+" if queue.ready >= MOST_COUNTED else ""),
        Text(seconds(queue.oldest) if queue.ready else "-", style="bold red" if is_late else ""),
        seconds(queue.promise),
        str(queue.running),
        str(queue.later),
        Text(str(queue.dead), style="red" if queue.dead else ""),
        Text(str(queue.processes), style="" if queue.processes else "red"),
        f"{queue.rate:.1f}",
    ]
    if is_wide:
        state = "paused" if is_paused else "late" if is_late else ""
        row += [seconds(queue.run_time) if queue.run_time else "-", Text(state, style="yellow" if is_paused else "red")]
    return row


def _pools(now: Status, size: Size) -> Table:
    table = _table("Pool", ["Now", "Min", "Max", "Leaving", "Hosts"], size)
    table.add_column("Balanced")
    table.add_column("Queues", ratio=1, no_wrap=True, overflow="ellipsis")
    for pool in now.pools:
        is_short = pool.processes < pool.min_processes
        table.add_row(
            pool.name,
            Text(str(pool.processes), style="bold red" if is_short else "bold"),
            str(pool.min_processes),
            str(pool.max_processes),
            str(pool.leaving or "-"),
            str(pool.hosts),
            pool.strategy,
            ", ".join(pool.queues),
        )
    return table


def _supervisors(now: Status, size: Size, room: int) -> RenderableType:
    if not now.supervisors:
        return Text("No supervisor. Start one: python3 manage.py queues_run", style="red")
    table = _table("Supervisor", ["Silent", "Procs", "Memory"], size)
    table.add_column("Status", no_wrap=True)
    table.add_column("Code", ratio=1, no_wrap=True, overflow="ellipsis")
    if size.is_wide:
        table.add_column("Environment", no_wrap=True)
    for each in now.supervisors[:room]:
        is_gone = each.status == "dead" or each.silent >= SILENT_AFTER
        row: list[str | Text] = [
            Text(f"{each.host}:{each.pid}", overflow="ellipsis"),
            Text(seconds(each.silent), style="red" if is_gone else ""),
            str(sum(each.processes.values())),
            f"{each.memory} MB" if each.memory else "-",
            Text(each.status, style="bold red" if is_gone else ""),
            each.code_version,
            *([each.environment] if size.is_wide else []),
        ]
        table.add_row(*row)
    more = len(now.supervisors) - room
    return Group(table, Text(f"and {more} more", style="dim")) if more > 0 else table


def _events(now: Status, room: int) -> list[Text]:
    return [
        Text.assemble((f"{_moment(event.at)} ", "dim"), (event.text, EVENTS.get(event.kind, "red")), no_wrap=True)
        for event in now.events[:room]
    ]


def _moment(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local:%H:%M:%S}" if local.date() == timezone.localdate() else f"{local:%m-%d %H:%M}"


def _table(first: str, numbers: Sequence[str], size: Size) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), width=size.width, header_style="dim")
    table.add_column(first, no_wrap=True, min_width=14)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _line(text: Text, size: Size) -> Text:
    text.truncate(size.width, overflow="ellipsis", pad=bool(text.style))
    return text


def seconds(number: float) -> str:
    """The duration in as few characters as possible."""
    if number < 1:
        return f"{number * 1000:.0f} ms"
    if number < 120:
        return f"{number:.1f} s" if number < 10 else f"{number:.0f} s"
    return f"{number / 60:.0f} min" if number < 7200 else f"{number / 3600:.0f} h"
