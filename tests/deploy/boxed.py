"""What a Dockerfile makes, without an engine: its steps in roots made of Debian's packages, by systemd-nspawn.

The base is Debian's Python in place of the image that FROM names. Its programs run as a container's do: as their first
process, as the image's user, without capabilities, on a root that is read-only but for the folders that are named.
"""

import os
import re
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from askpro.dev.up.process import spawn, wait_until
from tests.deploy.debian import base, trust_what_we_trust
from tests.deploy.dockerfile import ROOT, Stage, Step, variables

NEEDED = ("debootstrap", "systemd-nspawn")
ADVICE = "needs root, and: apt-get install -y debootstrap systemd-container"
PACKAGES = "python3 python3-pip python3-venv"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What the image of Python has besides, where ours is Debian's.
AS_IN_THE_IMAGE = "ln -sf /usr/bin/python3 /usr/local/bin/python"


def is_possible() -> bool:
    """Whether this machine can build so."""
    return os.geteuid() == 0 and all(shutil.which(name) for name in NEEDED)


class Image:
    """The last of some stages, built in `folder` from what .dockerignore lets through (`sent`)."""

    def __init__(self, stages: Sequence[Stage], sent: Sequence[str], folder: Path, cache: Path) -> None:
        self._folder, self._sent = folder, sent
        self._roots: dict[str, Path] = {}
        release = stages[-1].image.rpartition("-")[2]
        python = _with_python(release, cache / release)
        for number, stage in enumerate(stages):
            root = folder / f"root{number}"
            with tarfile.open(python) as archive:
                archive.extractall(root, filter="fully_trusted")  # noqa: S202 - made here, devices included
            self._build(stage, root)
            self._roots[stage.name] = root
        self.stage, self.root = stages[-1], root

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], writable: Sequence[str], seen: Sequence[str] = ()
    ) -> "Box":
        """A container with this command; its network is this machine's, and so are the folders that it has `seen`."""
        words = ["--read-only", "--drop-capability=all", "--no-new-privileges=yes", f"--user={self._user_name()}"]
        words += [f"--tmpfs={place}:mode=1777" for place in writable] + [f"--bind={place}" for place in seen]
        variables = self._variables | dict(environment)
        return Box(_inside(self.root, self._workdir, variables, words) + list(command), self._folder)

    def _build(self, stage: Stage, root: Path) -> None:
        self._workdir, self._variables = "/", {"PATH": PATH}
        for step in stage.steps:
            match step.word:
                case "WORKDIR":
                    self._workdir = step.text
                    (root / step.text.lstrip("/")).mkdir(parents=True, exist_ok=True)
                case "ENV":
                    self._variables |= variables(step.text)
                case "COPY":
                    self._copy(step, root)
                case "RUN":
                    _run([*_inside(root, self._workdir, self._variables, []), "/bin/sh", "-c", step.text])

    def _copy(self, step: Step, root: Path) -> None:
        target = root / self._workdir.lstrip("/") / step.target if step.target[0] != "/" else root / step.target[1:]
        if step.stage:
            (source,) = step.sources
            shutil.copytree(self._roots[step.stage] / source.lstrip("/"), target, symlinks=True, dirs_exist_ok=True)
            return
        for source in step.sources:
            for path in self._sent:
                if path == source or path.startswith(f"{source}/"):
                    within = Path(path).relative_to(source) if path != source else Path(Path(source).name)
                    (target / within).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(ROOT / path, target / within)

    def _user_name(self) -> str:
        """The name of the user that USER has as a number: systemd-nspawn takes no others."""
        number = self.stage.user.partition(":")[0]
        users = [line.split(":") for line in (self.root / "etc/passwd").read_text("utf-8").splitlines()]
        return next(user[0] for user in users if user[2] == number)


class Box:
    """A container that runs."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._log = folder / f"said{len([*folder.glob('said*')])}.log"
        with self._log.open("wb") as log:
            self._outer = spawn(command, env=os.environ, output=log, farewell=signal.SIGKILL)

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self._log.read_text("utf-8", "replace")

    @property
    def has_ended(self) -> bool:
        return self._outer.poll() is not None

    def first(self) -> psutil.Process:
        """Its first process, as this machine sees it."""
        assert wait_until(lambda: self._first() is not None, 20), self.said
        first = self._first()
        assert first
        return first

    def stop(self, patience: float) -> int:
        """Ask its first process to end, as an engine does; the exit code. Raises `TimeoutExpired`."""
        self.first().terminate()
        return self._outer.wait(patience)

    def wait(self, patience: float) -> int:
        """Until it has ended by itself; the exit code. Raises `TimeoutExpired`."""
        return self._outer.wait(patience)

    def kill(self) -> None:
        """Whatever it does."""
        if not self.has_ended:
            for process in psutil.Process(self._outer.pid).children(recursive=True):
                process.kill()
            self._outer.kill()
            self._outer.wait(20)

    def _first(self) -> psutil.Process | None:
        return next(filter(_is_first, psutil.Process(self._outer.pid).children()), None)


def _is_first(process: psutil.Process) -> bool:
    """Whether it is number 1 where it lives."""
    status = Path(f"/proc/{process.pid}/status").read_text("ascii", "replace")
    return bool(re.search(r"^NSpid:.*\t1$", status, re.MULTILINE))


def _with_python(release: str, cache: Path) -> Path:
    """Debian with Python as an archive, made once."""
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / "python.tar"
    if not archive.exists():
        fresh = cache / "python"
        shutil.rmtree(fresh, ignore_errors=True)
        with tarfile.open(base(release, cache)) as bare:
            bare.extractall(fresh, filter="fully_trusted")  # noqa: S202 - made here, devices included
        trust_what_we_trust(fresh)
        install = f"apt-get -qq update && apt-get -qq install -y --no-install-recommends ca-certificates {PACKAGES}"
        command = _inside(fresh, "/", {"PATH": PATH, "DEBIAN_FRONTEND": "noninteractive"}, [])
        _run([*command, "/bin/sh", "-ec", f"{install}\napt-get clean\n{AS_IN_THE_IMAGE}"])
        with tarfile.open(cache / "begun-python.tar", "w") as begun:
            begun.add(fresh, ".")
        (cache / "begun-python.tar").rename(archive)
        shutil.rmtree(fresh)
    return archive


def _inside(root: Path, workdir: str, environment: Mapping[str, str], words: Sequence[str]) -> list[str]:
    """The beginning of a command that runs in a root; without words as root, who may write."""
    command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--console=pipe", f"--directory={root}"]
    command += ["--resolv-conf=copy-host" if not words else "--resolv-conf=off", f"--chdir={workdir}", *words]
    return command + [f"--setenv={name}={value}" for name, value in environment.items()]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, f"{command[-1]}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
