import io

import pytest

from askpro.dev.up.progress import PLAIN_EVERY, Progress


def test_it_counts_packages_in_plain_lines_without_a_terminal() -> None:
    stream = io.StringIO()

    with Progress("Setting up", stream) as progress:
        for number in range(PLAIN_EVERY + 1):
            progress.pip(f"Collecting package-{number}==1.0 (from -r requirements.txt (line 1))")
        progress.pip("  Downloading package.whl (1 kB)")
        progress.pip("Installing collected packages: a, b, c")

    assert stream.getvalue().splitlines() == [
        "Setting up",
        f"  {PLAIN_EVERY} packages found (0 s)",
        "  unpacking 3 packages (0 s)",
        "  done, 3 packages in 0 s",
    ]


def test_it_does_not_say_done_when_it_failed() -> None:
    stream = io.StringIO()

    with pytest.raises(RuntimeError), Progress("Setting up", stream):
        raise RuntimeError

    assert "done" not in stream.getvalue()
