"""The units: hardened alike, and they start what there is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
ANALYZE = shutil.which("systemd-analyze")
# Of systemd's own scale from 0 to 10, on which a service without any of this has 9.2.
MOST_EXPOSED = 3.5
# Those that run all the time.
SERVICES = [unit for unit in UNITS if "Restart=always" in unit.read_text()]
each_service = pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
each_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)


def settings(unit: Path) -> list[tuple[str, str]]:
    return re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.MULTILINE)


def hardening(unit: Path) -> list[tuple[str, str]]:
    lines = settings(unit)
    return lines[lines.index(("NoNewPrivileges", "yes")) : lines.index(("UMask", "0077")) + 1]


def test_all_are_hardened_alike() -> None:
    assert [unit.stem for unit in UNITS] == ["askpro-backup", "askpro-queues", "askpro-watch", "askpro-web"]
    first, *others = (hardening(unit) for unit in UNITS)
    assert len(first) > 15
    assert all(other == first for other in others)


@each_service
def test_it_ends_before_what_it_needs(unit: Path) -> None:
    assert {"postgresql.service", "redis-server.service"} <= set(dict(settings(unit))["After"].split())


def test_a_reload_of_the_web_brings_new_settings() -> None:
    """What systemd itself puts into the environment stays until the next start."""
    lines = settings(FOLDER / "askpro-web.service")
    assert ("Environment", "ASKPRO_ENV_FILE=/etc/askpro.env") in lines
    assert "EnvironmentFile" not in dict(lines)


@each_unit
@pytest.mark.skipif(not ANALYZE, reason="no systemd-analyze here")
def test_what_it_needs_not_it_may_not(unit: Path) -> None:
    assert ANALYZE
    said = subprocess.run(
        [ANALYZE, "security", "--offline=true", "--no-pager", str(unit)], capture_output=True, text=True, check=False
    )
    found = re.search(r"Overall exposure level for .*: ([\d.]+)", said.stdout)
    assert found, said.stderr
    assert float(found[1]) <= MOST_EXPOSED


@each_service
def test_it_starts_commands_that_there_are(unit: Path) -> None:
    lines = [value for name, value in settings(unit) if name in ("ExecStart", "ExecStartPre")]
    names = {found[1] for line in lines if (found := re.search(r"manage\.py (\w+)", line))}
    assert names and names <= set(get_commands())


@each_unit
def test_it_knows_every_setting(unit: Path) -> None:
    """systemd only warns of a word that it does not know, and goes on without."""
    if not ANALYZE:
        pytest.skip("no systemd-analyze here")
    said = subprocess.run([ANALYZE, "verify", str(unit)], capture_output=True, text=True, check=False).stderr
    assert not [line for line in said.splitlines() if unit.name in line and "Unknown" in line]
