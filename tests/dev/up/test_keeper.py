import io
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from askpro.dev.up import keeper as keeping
from askpro.dev.up.failure import Failure
from askpro.dev.up.keeper import Keeper
from askpro.dev.up.process import is_alive, wait_until
from askpro.dev.up.procfile import Process


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def keeper(tmp_path: Path, output: io.StringIO) -> Iterator[Keeper]:
    made = Keeper({"PATH": os.environ["PATH"], "GIVEN": "by up"}, tmp_path, tmp_path, Console(file=output, width=80))
    yield made
    made.stop()


def shell(name: str, script: str, ready: Callable[[], bool] | None = None, grace: float = 5.0) -> Process:
    return Process(name, "cyan", ("sh", "-c", script), ready, grace)


def turn_until(keeper: Keeper, condition: Callable[[], bool], seconds: float = 5.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come about"
        keeper.turn(0.02)


def test_it_passes_the_environment_on_and_prefixes_and_logs_each_line(
    keeper: Keeper, output: io.StringIO, tmp_path: Path
) -> None:
    code, lines = keeper.run(shell("demo", "echo given $GIVEN; printf half; exit 3"))

    assert code == 3
    assert lines == ["given by up", "half"]
    assert "    demo │ given by up\n" in output.getvalue()
    assert "given by up\n" in (tmp_path / "demo.log").read_text(encoding="utf-8")


def test_it_starts_a_dead_process_again(keeper: Keeper, output: io.StringIO, tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    keeper.start(shell("web", f"echo try >> {tries}; [ $(wc -l < {tries}) -gt 1 ] && exec sleep 60; exit 7"))

    turn_until(keeper, lambda: tries.exists() and tries.read_text(encoding="utf-8").count("try") == 2)

    assert "ended with code 7; again in 0.5 s" in output.getvalue()


def test_it_gives_up_on_a_process_that_keeps_dying_before_all_is_ready(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "FIRST_PAUSE", 0.01)
    keeper.start(shell("web", "echo the reason; exit 1", ready=lambda: False))

    with pytest.raises(Failure, match=r"web ended 3 times(.|\n)*the reason(.|\n)*web.log"):
        keeper.wait(10)


def test_it_waits_until_every_process_is_ready(keeper: Keeper, tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    keeper.start(shell("web", f"touch {sign}; exec sleep 60", ready=sign.exists))

    keeper.wait(5)

    assert keeper.is_ready


def test_it_names_the_process_that_does_not_become_ready(keeper: Keeper) -> None:
    keeper.start(shell("web", "echo thinking; exec sleep 60", ready=lambda: False))

    with pytest.raises(Failure, match="web is not ready after 0 s"):
        keeper.wait(0.3)


def test_it_stops_the_last_started_first_and_leaves_nothing_behind(keeper: Keeper, tmp_path: Path) -> None:
    order = tmp_path / "order"
    script = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (open(sys.argv[1], 'a').write(sys.argv[2]), sys.exit()))\n"
        "print('up', flush=True); time.sleep(60)\n"
    )
    for name in ("first", "second"):
        argv = (sys.executable, "-S", "-c", script, str(order), f"{name} ")
        keeper.start(Process(name, "cyan", argv))
        turn_until(keeper, lambda name=name: "up" in (tmp_path / f"{name}.log").read_text(encoding="utf-8"))

    keeper.stop()

    assert order.read_text(encoding="utf-8") == "second first "


def test_it_kills_what_ignores_the_end_and_its_children_too(keeper: Keeper, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    keeper.start(shell("deaf", f"trap '' TERM; sleep 60 & echo $$ $! > {pids}; wait", grace=0.2))
    turn_until(keeper, lambda: pids.exists() and len(pids.read_text(encoding="utf-8").split()) == 2)

    keeper.stop()

    alive = [int(pid) for pid in pids.read_text(encoding="utf-8").split()]
    assert wait_until(lambda: not any(is_alive(pid) for pid in alive), 5)
