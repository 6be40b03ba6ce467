"""Each command in the documentation runs here as it is written; what cannot is named with the reason, and its options
are read by the command's own parser all the same."""

import io
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class

from askpro.dev.up import dispatch

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "deploy/runbook.md"])
BLOCK = re.compile(r"^```(\w*)\n(.+?)^```$", re.MULTILINE | re.DOTALL)
SHELL = {"", "sh", "bash", "console"}
INLINE = re.compile(r"`((?:python3? )?manage\.py [^`]+)`")
# What stands for a value of the reader's own.
STANDS_FOR = {
    "base URL of the vendor": "https://api.cal.com",
    "host": "askpro.example",
    "public address": "https://askpro.example",
    "channel": "email",
    "code": "queue_depth",
    "company": "salon-zaunkoenig",
    "job": "create_appointment_from_call",
    "number": "03023125160",
    "pool": "default",
    "processes": "2",
    "queue": "default",
    "time": "2h",
    "why": "a test",
    "what you do": "a test",
}
# Run as a whole on a bare Debian, by tests/deploy/test_following.py.
FOLLOWED = {"deploy.md"}
# Not run here, and why.
ELSEWHERE = {
    "agent_schema": "tests/appointments/test_first_company.py runs it as it is written",
    "alerts_test": "sends to real channels; tests/watch plays them",
    "bench": "measures for minutes; tests/dev/bench",
    "calcom_connect": "asks Cal.com; tests/appointments/test_first_company.py runs it as it is written",
    "chaos": "kills servers for minutes; tests/chaos",
    "company_create": "reads a file of the reader's; tests/appointments/test_first_company.py",
    "createsuperuser": "Django's, and asks for a password",
    "demo_call": "needs the sandbox; tests/dev/sandbox/test_demo.py",
    "docs": "tests/test_site.py builds the site",
    "makemessages": "writes the catalogue; tests/language",
    "queues_run": "runs until it is stopped; tests/queues/supervisor",
    "screenshots": "takes minutes; tests/dev/pictures",
    "shell": "sends docs/how-to/job.md's job, which is not in the code; tests/test_how_to.py",
    "sync_calcom": "asks Cal.com; tests/appointments",
    "sync_retell": "asks Retell; tests/webhooks",
    "test": "is this suite",
    "up": "starts the whole product; .ci/run does",
    "watch": "runs until it is stopped; tests/watch",
    "queues_jobs": "writes docs/jobs.md; tests/test_docs.py",
    "rundramatiq": "is what is told not to be used",
}
# Programs of the host. Their lines are read by the shell alone.
OTHERS = {
    "apt-get", "cat", "cd", "certbot", "chmod", "chown", "cp", "createdb", "curl", "df", "docker", "dropdb", "du",
    "echo", "export", "git", "gunicorn", "helm", "install", "journalctl", "kubectl", "kustomize", "ln", "ls", "make",
    "mkdir", "nginx", "openssl", "pg_basebackup", "pg_dump", "pg_restore", "podman", "psql", "redis-cli", "rm", "rsync",
    "runuser", "sed", "set", "sleep", "su", "sudo", "systemctl", "tar", "timedatectl", "useradd", "userdel",
}  # fmt: skip
EXAMPLE = str(ROOT / "deploy/company.example.yaml")
# What a command may end with when nothing is running: nothing found, no supervisor, something to tell.
ENDS = {0, 1, 2}


def lines(text: str) -> Iterator[str]:
    """The commands of a block, without remarks, each whole, though it be written over several lines."""
    begun = ""
    for line in text.replace("\\\n", " ").splitlines():
        if not begun and (not line.strip() or line.startswith("#")):
            continue
        begun = f"{begun}\n{line.strip()}" if begun else line.strip()
        if is_whole(begun):
            yield begun
            begun = ""


def is_whole(line: str) -> bool:
    """Whether no quotation is open at its end."""
    try:
        shlex.split(line, comments=True)
    except ValueError:
        return False
    return True


def words(line: str) -> list[str]:
    """A line's words, with values where something stands for them."""
    filled = re.sub(r"<([\w ]+)>", lambda found: STANDS_FOR[found[1]], line)
    return shlex.split(filled, comments=True)


def ours(line: str) -> list[str]:
    """The words after manage.py; none if the line runs something else."""
    found = words(line)
    if found[:1] == ["askpro"]:
        return found[1:]
    return found[2:] if found[1:2] and found[1].endswith("manage.py") else []


def blocks() -> list[tuple[str, str]]:
    found = [(page.name, *block) for page in PAGES for block in BLOCK.findall(page.read_text("utf-8"))]
    return [(page, text) for page, kind, text in found if kind in SHELL and is_shell(text)]


def is_shell(block: str) -> bool:
    """Whether a block is for a shell; one that only sets variables is a piece of an environment file."""
    return not all(re.match(r"\w+=", line) for line in lines(block))


LINES = sorted({(page, line) for page, block in blocks() for line in lines(block)})
COMMANDS = sorted(
    {(page, shlex.join(ours(line))) for page, line in LINES if "manage.py" in line or "askpro " in line if ours(line)}
)
FOREIGN = [(page, line) for page, line in LINES if page not in FOLLOWED and not ours(line)]
RUN = sorted({line for page, line in COMMANDS if page not in FOLLOWED and line.split()[0] not in ELSEWHERE})


def check(argv: list[str]) -> None:
    """Read the command's arguments by its own parser, which ends the process with its complaint."""
    name, *arguments = (EXAMPLE if word.endswith("company.yaml") else word for word in argv)
    if name in dispatch.REQUIREMENTS:
        dispatch._parse(name, arguments)
        return
    app = "askpro.dev.sandbox" if name == "demo_call" else get_commands()[name]
    command: Any = load_command_class(app, name) if isinstance(app, str) else app
    command.create_parser("manage.py", name).parse_args(arguments)


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_its_command_takes_these_options(page: str, line: str) -> None:
    check(shlex.split(line))


def test_an_option_that_no_command_has_would_be_found() -> None:
    with pytest.raises((SystemExit, CommandError)):
        check(["queues_status", "--no-such-option"])


@pytest.mark.parametrize(("page", "block"), blocks())
def test_a_shell_reads_it(page: str, block: str) -> None:
    filled = re.sub(r"<([\w ]+)>", "x", block)
    read = subprocess.run(
        [shutil.which("bash") or "sh", "-n"], input=filled, capture_output=True, text=True, check=False
    )
    assert read.returncode == 0, f"{page}: {read.stderr}"


@pytest.mark.parametrize(("page", "line"), FOREIGN)
def test_every_other_program_is_one_of_the_hosts(page: str, line: str) -> None:
    first = re.split(r"[\s=]", line, maxsplit=1)[0]
    is_assignment = re.match(r"\w+=", line)
    assert first in OTHERS or is_assignment or (ROOT / first).is_file(), f"{page}: {line}"


def test_what_is_not_run_is_named_somewhere() -> None:
    named = {line.split()[0] for _, line in COMMANDS}
    named |= {
        found.split("manage.py ")[1].split()[0] for page in PAGES for found in INLINE.findall(page.read_text("utf-8"))
    }
    assert set(ELSEWHERE) - named == set(), "no page names it any more"


@pytest.mark.django_db
@pytest.mark.parametrize("line", RUN)
def test_it_runs_as_it_is_written(line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    call_command("company_create", EXAMPLE, stdout=io.StringIO())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("builtins.input", lambda *asked: "yes")
    name, *arguments = shlex.split(line)
    code: Any = 0
    try:
        call_command(name, *arguments, stdout=io.StringIO(), stderr=io.StringIO())
    except SystemExit as end:
        code = end.code
    except CommandError as refused:
        code = refused.returncode
    assert code in ENDS
