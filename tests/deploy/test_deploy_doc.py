"""docs/deploy.md names what there is; tests/deploy/test_following.py follows it on a host, with `--long`."""

import re
import shlex
import subprocess

import pytest
from django.core.management import get_commands, load_command_class

from tests.deploy.document import DOCUMENT, ROOT, Block, blocks

BLOCKS = blocks(DOCUMENT.read_text("utf-8"))
SCRIPTS = [block for block in BLOCKS if block.language == "sh"]
EVERYTHING = "\n".join(block.text for block in SCRIPTS)
EXAMPLE = (ROOT / "deploy/env.example").read_text("utf-8")
COMMANDS = sorted(set(re.findall(r"^askpro (.+)$", EVERYTHING, re.MULTILINE)))
INSTALLED = sorted(set(re.findall(r"/opt/askpro/(?!\.venv)([\w./*-]+)", EVERYTHING)))
SETTINGS = {name for block in BLOCKS if block.language == "ini" for name in re.findall(r"^(\w+)=", block.text, re.M)}


def test_each_block_is_to_be_run_or_to_be_filled_in() -> None:
    assert {block.language for block in BLOCKS} == {"sh", "ini"}
    assert len(BLOCKS) == DOCUMENT.read_text("utf-8").count("```") // 2
    assert [block.section for block in BLOCKS if block.is_left_out] == ["6. nginx"]


@pytest.mark.parametrize("block", SCRIPTS, ids=lambda block: block.section)
def test_bash_reads_each_block(block: Block) -> None:
    done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, timeout=10, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("line", COMMANDS)
def test_each_command_knows_its_options(line: str) -> None:
    there = line.replace("/var/lib/askpro/company.yaml", str(ROOT / "deploy/company.example.yaml"))
    name, *arguments = shlex.split(there)
    load_command_class(get_commands()[name], name).create_parser("askpro", name).parse_args(arguments)


@pytest.mark.parametrize("path", INSTALLED)
def test_each_file_is_in_the_repository(path: str) -> None:
    assert list(ROOT.glob(path))


def test_each_setting_stands_in_the_example() -> None:
    changed = set(re.findall(r"s[/|]\^(\w+)=", EVERYTHING))
    assert changed >= {"SECRET_KEY", "DATA_KEYS", "DATABASE_URL"} and "CALCOM_API_KEY" in SETTINGS
    assert not [name for name in changed if not re.search(rf"^{name}=", EXAMPLE, re.MULTILINE)]
    assert not [name for name in SETTINGS if not re.search(rf"^(# )?{name}=", EXAMPLE, re.MULTILINE)]


def test_each_service_is_started_looked_at_and_removed() -> None:
    units = {path.stem for path in (ROOT / "deploy/systemd").glob("*.service") if "Restart=" in path.read_text()}
    for line in ("enable --now", "is-active", "disable --now"):
        named = re.search(rf"systemctl {line} (.+)", EVERYTHING)
        assert named and units <= set(named[1].split())
