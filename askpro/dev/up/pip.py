"""A pip for a fresh virtual environment, also where Debian's Python comes without one."""

import hashlib
import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from askpro.dev.up.failure import Failure
from askpro.dev.up.progress import Progress

# The last resort when this Python has neither ensurepip nor pip: pip's own wheel, pinned by its digest.
PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_PATH = "packages/07/25/ee8c38ae72d66b844ce8eb9711ba905dba21ca1a8a0c960057c41cd23337"
PIP_DIGEST = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
PYTHON_PIP_WITH_TARGET = (22, 3)  # the first pip that knows --python


@dataclass(frozen=True)
class Pip:
    """One way to run pip for the environment."""

    argv: tuple[str, ...]

    def install(self, files: list[Path], log: Path, progress: Progress) -> None:
        """Install the requirement files; the output goes to `log` and, condensed, to `progress`."""
        argv = [*self.argv, "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
        argv += [part for file in files for part in ("-r", str(file))]
        env = {**os.environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PYTHONUNBUFFERED": "1"}
        lines: list[str] = []
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=env,
                encoding="utf-8",
                errors="replace",
            )
            assert process.stdout is not None
            for line in process.stdout:
                output.write(line)
                lines.append(line.strip())
                progress.pip(line.strip())
        if process.wait():
            raise _explain(lines, log)


def installer(python: Path, venv: Path) -> Pip:
    """The first of ensurepip, this machine's pip and a downloaded pip that can install into `venv`."""
    own = Pip((str(python), "-m", "pip"))
    if _works(own) or (_run([str(python), "-m", "ensurepip", "--default-pip"]) and _works(own)):
        return own
    base = getattr(sys, "_base_executable", None) or sys.executable
    if _version((base, "-m", "pip")) >= PYTHON_PIP_WITH_TARGET:
        return Pip((base, "-m", "pip", "--python", str(python)))
    return Pip((str(python), f"{_download(venv)}/pip"))


def _works(pip: Pip) -> bool:
    return _version(pip.argv) > (0,)


def _version(argv: tuple[str, ...]) -> tuple[int, ...]:
    answer = subprocess.run([*argv, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    words = answer.stdout.split()
    if answer.returncode or len(words) < 2:
        return (0,)
    return tuple(int(part) for part in words[1].split(".")[:2] if part.isdigit())


def _run(argv: list[str]) -> bool:
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


def _download(venv: Path) -> Path:
    url = f"https://files.pythonhosted.org/{PIP_PATH}/{PIP_WHEEL}"
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            content = answer.read()
    except (urllib.error.URLError, OSError) as error:
        raise Failure(
            f"This Python has no pip and {url} cannot be fetched ({error}).",
            "On Debian and Ubuntu: apt-get install -y python3-venv",
        ) from error
    if hashlib.sha256(content).hexdigest() != PIP_DIGEST:
        raise Failure(
            f"{url} is not the file that AskPro pins.",
            "On Debian and Ubuntu: apt-get install -y python3-venv",
        )
    wheel = venv / PIP_WHEEL
    wheel.write_bytes(content)
    return wheel


def _explain(lines: list[str], log: Path) -> Failure:
    text = "\n".join(lines)
    tail = "\n  ".join(line for line in lines[-8:] if line)
    if "No space left" in text:
        fix = "The disk is full: free about 700 MB and run the command again."
    elif any(
        word in text
        for word in (
            "NewConnectionError",
            "NameResolutionError",
            "Connection refused",
            "timed out",
            "SSLError",
        )
    ):
        fix = "PyPI cannot be reached. Behind a proxy set HTTPS_PROXY; for another index set PIP_INDEX_URL."
    elif "No matching distribution" in text:
        fix = f"A pinned package may not exist for this Python ({sys.version.split()[0]}) or machine."
    else:
        fix = "Run the command again: it repairs a half-finished .venv."
    return Failure(f"pip failed; all of its output is in {log}.\n  {tail}", fix)
