"""`queues_status` on a terminal: it fits, it says what is urgent, and it leaves the terminal as it was."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from rich.console import Console

from askpro.queues.fleet.status import (
    EventStatus,
    GateStatus,
    PauseStatus,
    PoolStatus,
    QueueStatus,
    Status,
    SupervisorStatus,
)
from askpro.queues.management import screen
from askpro.queues.management.screen import Size
from askpro.queues.models import FleetEvent, Supervisor
from tests.queues.door import Door
from tests.queues.queues_run import ROOT

NAMES = ("critical", "high", "default", "webhooks", "notifications", "low")
LINES, COLUMNS = 24, 80


def status(**changes):
    own = {
        "queues": [QueueStatus(name, 3, 2.0, 60.0, 1, 0, 0, 5, 1.5, 0.2) for name in NAMES],
        "pools": [PoolStatus(name, [name], 1, 5, 0, 3, 15, "promise") for name in NAMES],
        "supervisors": [SupervisorStatus(1, "one", 17, "production", "v1", "running", 1.0, {"low": 5}, 60)],
        "pauses": [],
        "gates": [],
        "events": [EventStatus(timezone.now(), "command", f"somebody: scale low {n}") for n in range(20)],
    }
    return Status(**{**own, **changes})


def shown(now, width=COLUMNS, height=LINES, trouble=""):
    console = Console(width=width, height=height, highlight=False)
    with console.capture() as captured:
        console.print(screen.page(now, Size(width, height), trouble))
    return captured.get().splitlines()


class TestThePage:
    @pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 40), (80, 50), (200, 24)])
    def test_it_fits_and_fills_the_rest_with_events(self, width, height):
        lines = shown(status(), width, height)
        assert len(lines) <= height
        assert max(map(len, lines)) <= width
        assert any("scale low 0" in line for line in lines)
        for name in NAMES:
            assert sum(line.startswith(name) for line in lines) == 2, "one line as a queue, one as a pool"

    def test_it_fits_with_many_hosts_and_says_how_many_are_not_shown(self):
        many = [SupervisorStatus(n, f"host-{n}", n, "production", "v1", "running", 1.0, {}, 0) for n in range(30)]
        lines = shown(status(supervisors=many))
        assert len(lines) <= LINES
        assert any(re.match(r"and \d+ more", line) for line in lines)
        assert "on 30 hosts" in lines[0]

    def test_a_pool_stands_there_with_its_bounds(self):
        (line,) = (line for line in shown(status()) if line.startswith("high") and "promise" in line)
        assert line.split() == ["high", "5", "3", "15", "-", "1", "promise", "high"]

    def test_a_late_queue_is_said_to_be_late_and_a_paused_one_paused(self):
        late = QueueStatus("high", 10_000, 70.0, 10.0, 0, 0, 2, 0, 0.0, 0.0)
        lines = shown(status(queues=[late]), width=140)
        assert any(re.match(r"high +10000\+ +70 s +10 s .* late", line) for line in lines)
        lines = shown(status(queues=[late], pauses=[PauseStatus("queue", "high", None, "somebody")]), width=140)
        assert "Paused: queue high by somebody" in lines[1].rstrip()
        assert any(re.match(r"high .* paused", line) for line in lines)

    def test_gates_say_who_is_away_and_how_many_wait(self):
        shut = GateStatus("calcom:0a1b", timezone.now(), timezone.now(), "Cal.com: answered 503", 37)
        lines = shown(status(gates=[shut, *[GateStatus(f"calcom:{n}", None, None, "", 2) for n in range(9)]]))
        assert re.match(r"Gate calcom:0a1b: shut until [\d:]{8}, 37 wait \(Cal.com: answered 503\)", lines[1])
        assert lines[2].startswith("Gate calcom:0: full, 2 wait")
        assert any(line.startswith("and 6 more gates") for line in lines)
        assert len(lines) <= LINES

    def test_without_a_supervisor_it_says_how_to_start_one(self):
        lines = shown(status(supervisors=[], pools=[], events=[]))
        assert lines[0].startswith("Inactive")
        assert any("manage.py queues_run" in line for line in lines)

    def test_old_figures_are_called_old(self):
        assert shown(status(), trouble="PostgreSQL has not answered for 3 s.")[0].rstrip().endswith("figures are old.")

    @pytest.mark.parametrize(
        ("number", "text"), [(0.25, "250 ms"), (5, "5.0 s"), (42, "42 s"), (600, "10 min"), (9000, "2 h")]
    )
    def test_times_are_short(self, number, text):
        assert screen.seconds(number) == text


class Terminal:
    """`queues_status --watch` on a terminal of 80 by 24."""

    def __init__(self, environment, ignoring=()):
        self._ignoring = ignoring
        self._master, self._slave = pty.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.before = termios.tcgetattr(self._slave)
        self._written = b""
        self._program = subprocess.Popen(
            [sys.executable, "manage.py", "queues_status", "--watch", "--every", "0.2"],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
            preexec_fn=self._prepare,
            env={**environment, "TERM": "xterm-256color"},
            cwd=ROOT,
        )

    def _prepare(self):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        for number in self._ignoring:
            signal.signal(number, signal.SIG_IGN)

    def wait_for(self, words, seconds=20.0):
        """Wait until the words are on the screen."""
        until = time.monotonic() + seconds
        while words not in self.screen():
            assert time.monotonic() < until, f"no {words!r} on the screen:\n{self.screen()}"
            self._read(0.1)

    def screen(self):
        frame = self._written.rpartition(b"\x1b[H")[2]
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", frame.decode("utf-8", "replace"))

    def type(self, keys):
        os.write(self._master, keys)

    def send(self, number):
        self._program.send_signal(number)

    def end(self, within):
        """Its exit code and its last output; it must end `within` seconds."""
        until = time.monotonic() + within
        # Read continually, as a terminal does: a full buffer would keep the program from writing its last frame.
        while self._program.poll() is None:
            assert time.monotonic() < until, "it did not end"
            self._read(0.05)
        code = self._program.wait()
        self._read(0.2)
        assert termios.tcgetattr(self._slave) == self.before
        return code, self._written[-40:]

    def close(self):
        self._program.kill()
        self._program.wait()
        os.close(self._master)
        os.close(self._slave)

    def _read(self, wait):
        while select.select([self._master], [], [], wait)[0]:
            self._written += os.read(self._master, 1 << 16)
            wait = 0


def press_ctrl_c(terminal):
    terminal.type(b"\x03")


def send_term(terminal):
    terminal.send(signal.SIGTERM)


def ended_well(terminal, within=10.0):
    code, last = terminal.end(within)
    assert code == 0
    assert b"\x1b[?1049l" in last, "the screen of before is back"
    assert b"\x1b[?25h" in last, "the cursor is back"


@pytest.mark.django_db(transaction=True)
class TestWatching:
    @pytest.fixture
    def watch(self, transactional_db, child_environment):
        opened = []

        def watch(ignoring=(), **environment):
            opened.append(Terminal({**child_environment(), **environment}, ignoring))
            return opened[-1]

        yield watch
        for terminal in opened:
            terminal.close()

    @pytest.fixture
    def fleet(self, transactional_db):
        return Supervisor.objects.create(host="one", pid=17, process_started_at=0.0, environment="testing")

    @pytest.fixture
    def door(self, transactional_db):
        values = connection.settings_dict
        door = Door(values["HOST"], int(values["PORT"]))
        account = f"{values['USER']}:{values['PASSWORD']}"
        door.url = f"postgres://{account}@127.0.0.1:{door.port}/{values['NAME']}"
        yield door
        door.close()

    @pytest.mark.parametrize("leave", [press_ctrl_c, send_term])
    def test_it_lives_until_ctrl_c_and_gives_the_terminal_back(self, watch, fleet, leave):
        terminal = watch()
        terminal.wait_for("Running")
        FleetEvent.objects.create(kind="command", text="somebody: stop")
        terminal.wait_for("somebody: stop")
        leave(terminal)
        ended_well(terminal)

    def test_ctrl_c_counts_although_the_program_was_started_with_it_ignored(self, watch, fleet):
        """As a shell without job control starts what is to run in the background."""
        terminal = watch(ignoring=[signal.SIGINT, signal.SIGTERM])
        terminal.wait_for("Running")
        press_ctrl_c(terminal)
        ended_well(terminal)

    def test_it_says_so_while_postgresql_is_away_and_goes_on_after_it(self, watch, fleet, door):
        terminal = watch(DATABASE_URL=door.url)
        terminal.wait_for("one:17")
        door.shut()
        terminal.wait_for("PostgreSQL has not answered for")
        assert "one:17" in terminal.screen(), "what was known stays on the screen"
        door.open()
        terminal.wait_for("Running")

    @pytest.mark.parametrize("leave", [press_ctrl_c, send_term])
    def test_it_ends_while_a_statement_gets_no_answer_at_all(self, watch, fleet, door, leave):
        terminal = watch(DATABASE_URL=door.url)
        terminal.wait_for("one:17")
        door.freeze()
        terminal.wait_for("PostgreSQL has not answered for")
        assert "one:17" in terminal.screen(), "what was known stays on the screen"
        leave(terminal)
        ended_well(terminal, within=2.0)

    def test_it_ends_while_postgresql_accepts_no_connection(self, watch, door):
        door.freeze()
        terminal = watch(DATABASE_URL=door.url)
        terminal.wait_for("Asking PostgreSQL")
        press_ctrl_c(terminal)
        ended_well(terminal, within=2.0)

    @pytest.mark.long
    def test_it_ends_at_whatever_moment_it_is_told_to(self, watch, fleet):
        for number in range(60):
            terminal = watch()
            terminal.wait_for("Running")
            time.sleep(number / 60 * 0.25)  # its page comes every 0.2 s
            (send_term if number % 2 else press_ctrl_c)(terminal)
            ended_well(terminal)

    def test_without_a_terminal_it_says_what_to_use(self, child_environment, tmp_path: Path):
        done = subprocess.run(
            [sys.executable, "manage.py", "queues_status", "--watch"],
            env=child_environment(),
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=60,
        )
        assert done.returncode == 1
        assert "--watch needs a terminal; use --json" in done.stderr
