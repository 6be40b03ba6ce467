import subprocess
from pathlib import Path

from askpro.dev.up import leftovers
from askpro.dev.up.home import Home


def marked(home: Home) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "60"], env=dict(leftovers.mark(home)), start_new_session=True)


def test_it_ends_what_a_killed_run_of_this_home_left_and_nothing_else(tmp_path: Path) -> None:
    ours, other = Home(tmp_path / "ours"), Home(tmp_path / "other")
    left, foreign = marked(ours), marked(other)

    try:
        found = leftovers.find(ours)
        assert [process.pid for process in found] == [left.pid]
        leftovers.end(found)
        assert left.wait(5) != 0
        assert foreign.poll() is None
        assert leftovers.find(ours) == []
    finally:
        for process in (left, foreign):
            process.kill()
            process.wait()
