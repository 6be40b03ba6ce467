"""A pip for a fresh virtual environment, also where Debian's Python comes without ensurepip."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from askpro.dev.up.failure import Failure
from askpro.dev.up.progress import Progress

PYTHON_PIP_WITH_TARGET = (22, 3)  # the first pip that knows --python


@dataclass(frozen=True)
class Pip:
    """One way to run pip for the environment."""

    argv: tuple[str, ...]

    def install(self, files: list[Path], log: Path, progress: Progress) -> None:
        """Install these locks, each file by its hashes; the output goes to `log` and, condensed, to `progress`."""
        argv = [*self.argv, "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
        argv.append("--require-hashes")
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


def installer(python: Path) -> Pip:
    """The first of the environment's own pip, ensurepip's and this machine's that can install for `python`.

    Raises Failure, with the package that is missing, when there is none.
    """
    own = Pip((str(python), "-m", "pip"))
    if _works(own) or (_run([str(python), "-m", "ensurepip", "--default-pip"]) and _works(own)):
        return own
    base = getattr(sys, "_base_executable", None) or sys.executable
    if _version((base, "-m", "pip")) >= PYTHON_PIP_WITH_TARGET:
        return Pip((base, "-m", "pip", "--python", str(python)))
    oldest = ".".join(map(str, PYTHON_PIP_WITH_TARGET))
    raise Failure(
        f"This Python ({base}) has neither `ensurepip` nor a pip from {oldest} on.",
        "On Debian and Ubuntu: apt-get install -y python3-venv",
    )


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
    elif "DO NOT MATCH THE HASHES" in text:
        fix = "A downloaded file is not the one that the lock names: the index, or a cache before it, has another one."
    elif "No matching distribution" in text:
        fix = f"A pinned package may not exist for this Python ({sys.version.split()[0]}) or machine."
    else:
        fix = "Run the command again: it repairs a half-finished .venv."
    return Failure(f"pip failed; all of its output is in {log}.\n  {tail}", fix)
