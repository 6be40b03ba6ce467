"""`manage.py up`: the whole product on this machine, until Ctrl-C."""

import argparse
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from rich.console import Console

from askpro.dev.up import leftovers, ports
from askpro.dev.up.banner import banner
from askpro.dev.up.environment import of_up, publish
from askpro.dev.up.failure import Failure
from askpro.dev.up.home import Home
from askpro.dev.up.keeper import Keeper
from askpro.dev.up.procfile import Process, manage, table
from askpro.dev.up.servers import Servers

PORT = 8000
READY_SECONDS = 90.0


def run(root: Path, options: argparse.Namespace) -> int:
    """Start everything, keep it running, stop it in order; 0 after Ctrl-C or SIGTERM."""
    home = Home.of(root)
    home.prepare()
    if not home.lock():
        raise Failure(
            f"AskPro already runs from this checkout (process {home.owner()}): {home.recall('url', 'starting')}",
            f"Stop it with Ctrl-C where it runs, or with: kill {home.owner()}",
        )
    return Up(root, home, options).run()


class Up:
    """One run of the command."""

    def __init__(self, root: Path, home: Home, options: argparse.Namespace) -> None:
        self._root = root
        self._home = home
        self._options = options
        self._began = time.monotonic()
        self._console = Console(highlight=False)
        self._servers = Servers(home)
        self._keeper: Keeper | None = None

    def run(self) -> int:
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, self._interrupt)
        try:
            keeper, port = self._start()
            self._welcome(keeper, port)
            while True:
                keeper.turn(0.5)
                for name in self._servers.revive():
                    self._console.print(f"[red]{name} had ended and runs again[/]")
        except KeyboardInterrupt:
            return 0
        finally:
            self._stop()

    def _start(self) -> tuple[Keeper, int]:
        left = leftovers.find(self._home)
        port = 0 if left else self._choose_port()
        self._servers.start()
        self._step("PostgreSQL and Redis answer")
        if left:  # only now, since they need PostgreSQL to end cleanly
            leftovers.end(left)
            self._step(f"ended {len(left)} processes that a killed run had left")
        port = port or self._choose_port()
        env = self._environment(port)
        keeper = self._keeper = Keeper(env, self._home.logs, self._root, self._console)
        self._prepare(keeper)
        for process in table(env, port):
            keeper.start(process)
        keeper.wait(READY_SECONDS)
        self._step("sandbox, workers and web are ready")
        return keeper, port

    def _choose_port(self) -> int:
        wanted = self._options.port or PORT
        if ports.is_free(wanted):
            return int(wanted)
        if self._options.port:
            raise Failure(
                f"Port {wanted} is taken by {ports.holder(wanted)}.",
                f"Choose another one: python3 manage.py up --port {ports.next_free(wanted + 1)}",
            )
        port = ports.next_free(wanted + 1)
        self._step(f"port {wanted} is taken by {ports.holder(wanted)}: the console is on {port}", "yellow")
        return port

    def _environment(self, port: int) -> dict[str, str]:
        home = self._home
        sandbox = {name: ports.choose(home.recall(name)) for name in ("sandbox_http_port", "sandbox_smtp_port")}
        home.remember(**sandbox, url=f"http://127.0.0.1:{port}/admin/")
        own = {**of_up(home, port, *sandbox.values()), **self._servers.env}
        publish(home, own)
        return {**os.environ, **own, **leftovers.mark(home), "PYTHONUNBUFFERED": "1"}

    def _prepare(self, keeper: Keeper) -> None:
        code, lines = keeper.run(Process("prepare", "blue", manage("prepare")), show=False, seconds=300)
        if code:
            text = "\n  ".join(lines[-12:])
            raise Failure(f"The database could not be prepared:\n  {text}", f"All of it: {self._home.logs}/prepare.log")
        self._home.remember(login_changed="log-in: changed" in lines)
        self._step("schema and static files are up to date")

    def _welcome(self, keeper: Keeper, port: int) -> None:
        if not self._options.no_demo:
            self._demo(keeper)
        self._console.print(banner(self._home, port, self._servers.cluster, time.monotonic() - self._began))

    def _demo(self, keeper: Keeper) -> None:
        """Run the demo's set-up each time (it creates the company once), and the demo call the first time only."""
        code, _ = keeper.run(Process("demo", "green", manage("seed_demo")))
        if code == 0 and not self._home.recall("demo_call"):
            code, _ = keeper.run(Process("demo", "green", manage("demo_call", "--scenario", "conversation")))
            self._home.remember(demo_call=code == 0)
        if code:
            self._console.print(f"[red]The demo did not go through; see {self._home.logs}/demo.log[/]")

    def _interrupt(self, sign: int, frame: FrameType | None) -> None:
        """The first signal stops all in order, the second kills the processes; the servers always end cleanly."""
        for later in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(later, self._hurry)
        raise KeyboardInterrupt

    def _hurry(self, sign: int, frame: FrameType | None) -> None:
        if self._keeper:
            self._keeper.is_hurried = True

    def _stop(self) -> None:
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, self._hurry)
        began = time.monotonic()
        self._say("\nStopping…")
        if self._keeper:
            self._keeper.stop()
        self._servers.stop()
        self._say(f"Stopped after {time.monotonic() - began:.1f} s. The data stays in {self._home.path}.")

    def _step(self, text: str, style: str = "dim") -> None:
        self._say(f"[{style}]{time.monotonic() - self._began:5.1f} s  {text}[/]")

    def _say(self, text: str) -> None:
        with suppress(OSError):  # the terminal is gone; stopping continues without it
            self._console.print(text)
