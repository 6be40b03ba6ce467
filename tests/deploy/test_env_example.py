"""deploy/env.example means the same to all its readers, and is not enough for production without changes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.env_files import by_environ, by_sh, by_systemd

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "deploy/env.example"
READERS = (by_systemd, by_environ, by_sh)


def named() -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text("utf-8"), re.MULTILINE))


def test_systemd_django_environ_and_sh_read_the_same() -> None:
    systemd, django_environ, sh = (read(EXAMPLE) for read in READERS)
    assert systemd.keys() == named()
    assert systemd == django_environ == sh
    assert systemd["DEFAULT_FROM_EMAIL"] == "AskPro <termine@askpro.example>"
    assert not [name for name, value in systemd.items() if "#" in value]


@pytest.mark.parametrize("read", READERS)
def test_so_they_do_when_every_line_that_is_commented_out_is_in_use(read, tmp_path) -> None:
    text = re.sub(r"^# ([A-Z_]+=)", r"\1", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    path = tmp_path / "env"
    path.write_text(text, "utf-8")
    assert read(path) == by_systemd(path)
    assert len(read(path)) > len(named())


@pytest.mark.parametrize("read", [by_systemd, by_environ])
def test_a_remark_behind_a_value_would_be_a_part_of_it(read, tmp_path) -> None:
    path = tmp_path / "env"
    path.write_text("SECRET_KEY=x    # python3 -c …\n", "utf-8")
    assert "#" in read(path)["SECRET_KEY"]


class TestCheckBeforeProduction:
    @staticmethod
    def check(tmp_path: Path, **values: str) -> tuple[int, str]:
        kept = {key: value for key, value in os.environ.items() if key in ("PATH", "PYTHONPATH", "HOME")}
        env = {**kept, **by_systemd(EXAMPLE), "ASKPRO_HOME": str(tmp_path), **values}
        command = [sys.executable, "manage.py", "check", "--deploy"]
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stderr

    def test_the_example_alone_lacks_the_keys_and_somebody_to_tell(self, tmp_path) -> None:
        code, said = self.check(tmp_path)
        assert code == 1
        errors = set(re.findall(r"\((askpro\.E\d+|\w+\.E\d+)\)", said))
        assert errors == {"askpro.E001", "askpro.E004", "askpro.E008", "watch.E008"}, said
        assert "Set SECRET_KEY in the environment" in said
        assert "Traceback" not in said

    def test_with_them_it_passes_and_names_the_vendors_that_are_missing(self, tmp_path) -> None:
        keys = {"SECRET_KEY": "k" * 30 + "0123456789" * 3, "DATA_KEYS": "5a" * 32}
        code, said = self.check(tmp_path, **keys, OPS_EMAILS="ops@askpro.example")
        assert code == 0, said
        assert "RETELL_API_KEYS is empty" in said
        told = set(re.findall(r"\((\w+\.[EW]\d+)\)", said))
        assert told == {"askpro.W001", "watch.W001"}, "advice that the example's variables cannot follow"

    def test_remarks_as_values_are_told_by_their_variable(self, tmp_path) -> None:
        remark = "# python -c 'import secrets; …'"
        code, said = self.check(tmp_path, SECRET_KEY=remark, OPS_EMAILS="a@b.example", TWILIO_ACCOUNT_SID=" # later")
        assert code == 1
        assert {"askpro.E002", "askpro.E003"} <= set(re.findall(r"askpro\.E\d+", said))
        assert "TWILIO_ACCOUNT_SID holds a remark" in said
        assert "import secrets" not in said, "a value is never printed"
