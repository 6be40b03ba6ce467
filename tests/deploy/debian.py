"""A bare Debian on this machine, as a host of its own: systemd, its own processes, its own network.

systemd-nspawn boots what debootstrap made; slirp4netns leads its network out without a change to this machine's.
Inside, this machine's 127.0.0.1 is `OUTSIDE`.
"""

import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

import psutil

from askpro.dev.up import ports
from askpro.dev.up.process import spawn, wait_until

# The oldest that docs/deploy.md names, and the newest.
RELEASES = ("bookworm", "trixie")
MIRROR = "http://deb.debian.org/debian"
OUTSIDE, NAMESERVER, ADDRESS = "10.0.2.2", "10.0.2.3", "10.0.2.100"
NEEDED = ("debootstrap", "systemd-nspawn", "slirp4netns")
ADVICE = "needs root, and: apt-get install -y debootstrap systemd-container slirp4netns"
# What somebody has who has logged in as root.
LOGIN = {
    "HOME": "/root",
    "USER": "root",
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}
BOOT_TIMEOUT = 60.0
# Authorities that this machine trusts besides Debian's, without which it may not reach PyPI.
OWN_AUTHORITIES = Path("/usr/local/share/ca-certificates")


class Failed(AssertionError):
    """A command failed on the host; the text has what it printed."""


def is_possible() -> bool:
    """Whether this machine can have such a host."""
    return os.geteuid() == 0 and all(shutil.which(name) for name in NEEDED)


class Debian:
    """A host in `folder`, of a release of Debian; `boot` it first. `cache` keeps downloads for the next one."""

    def __init__(self, release: str, folder: Path, cache: Path) -> None:
        self.root = folder / "root"
        self._folder, self._cache = folder, cache / release
        self._machine: subprocess.Popen[bytes] | None = None
        self._network: subprocess.Popen[bytes] | None = None
        for name in ("apt", "pip"):
            (self._cache / name).mkdir(parents=True, exist_ok=True)
        with tarfile.open(base(release, self._cache)) as bare:
            bare.extractall(self.root, filter="fully_trusted")  # noqa: S202 - made here, devices included
        self._prepare()

    def boot(self) -> None:
        """Start it, and wait until it is up."""
        command = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--console=pipe"]
        command += ["--private-network", "--resolv-conf=off", f"--directory={self.root}"]
        command += [
            f"--bind={self._cache / 'apt'}:/var/cache/apt/archives",
            f"--bind={self._cache / 'pip'}:/root/.cache/pip",
        ]
        # Killed, it would leave the host running; told to end, it shuts the host down.
        self._machine = self._start(command, farewell=signal.SIGTERM)
        assert wait_until(lambda: self._is_up(), BOOT_TIMEOUT), self._said()
        leader = str(self._leader)
        self._network = self._start(["slirp4netns", "--configure", f"--api-socket={self._api}", leader, "tap0"])
        assert wait_until(lambda: ADDRESS in self.run("ip address"), 20), self._said()

    def crash(self) -> None:
        """Pull the plug: each process in it is killed, none is asked."""
        assert self._machine
        os.kill(self._leader, signal.SIGKILL)
        self._machine.wait(20)
        self._end(self._network)

    def close(self) -> None:
        """End it, and leave nothing: a gigabyte, and two hundred processes, which would outlive systemd-nspawn."""
        if self._machine and self._machine.poll() is None:
            self.crash()
        shutil.rmtree(self.root)

    def run(self, script: str, answers: Sequence[str] = ()) -> str:
        """What a script printed to whoever typed it as root. `answers` are for what it asks, one after the other.

        Raises `Failed`.
        """
        log = self._folder / "said.log"
        with log.open("wb") as said:
            command = ["nsenter", "--target", str(self._leader), "--all", "--wdns=/root", "env", "-i"]
            command += [f"{name}={value}" for name, value in LOGIN.items()] + ["bash", "-e", "-c", script]
            code = _with_terminal(command, answers, said.fileno()) if answers else _without(command, said.fileno())
        text = log.read_text("utf-8", "replace")
        if code:
            raise Failed(f"exit code {code} of:\n{script}\n{text[-6000:]}")
        return text

    def reach(self, port: int) -> int:
        """A port of this machine that leads to the host's."""
        chosen = ports.choose()
        forward = {"proto": "tcp", "host_addr": "127.0.0.1", "host_port": chosen, "guest_port": port}
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self._api))
            control.sendall(json.dumps({"execute": "add_hostfwd", "arguments": forward}).encode())
            control.shutdown(socket.SHUT_WR)
            answer = json.loads(control.recv(4096))
        assert "error" not in answer, answer
        return chosen

    @property
    def _api(self) -> Path:
        return self._folder / "network.sock"

    @property
    def _leader(self) -> int:
        """The host's first process, seen from here."""
        assert self._machine
        return int(psutil.Process(self._machine.pid).children()[0].pid)

    def _is_up(self) -> bool:
        assert self._machine and self._machine.poll() is None, self._said()
        try:
            return self.run("systemctl is-system-running || true").strip() in ("running", "degraded")
        except (IndexError, Failed):
            return False

    def _prepare(self) -> None:
        (self.root / "etc/resolv.conf").unlink(missing_ok=True)
        (self.root / "etc/resolv.conf").write_text(f"nameserver {NAMESERVER}\n")
        trust_what_we_trust(self.root)

    def _start(self, command: list[str], farewell: signal.Signals = signal.SIGKILL) -> subprocess.Popen[bytes]:
        with (self._folder / "machine.log").open("ab") as log:
            return spawn(command, env=os.environ, output=log, farewell=farewell)

    def _said(self) -> str:
        return (self._folder / "machine.log").read_text("utf-8", "replace")[-4000:]

    @staticmethod
    def _end(process: subprocess.Popen[bytes] | None) -> None:
        if process and process.poll() is None:
            process.kill()
            process.wait(20)


def base(release: str, cache: Path) -> Path:
    """What debootstrap makes, as an archive: half a minute and 100 MB of downloads, once."""
    archive = cache / "base.tar"
    if not archive.exists():
        fresh = cache / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        done = subprocess.run(["debootstrap", release, str(fresh), MIRROR], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        with tarfile.open(cache / "begun.tar", "w") as begun:
            begun.add(fresh, ".")
        (cache / "begun.tar").rename(archive)
        shutil.rmtree(fresh)
    return archive


def trust_what_we_trust(root: Path) -> None:
    """Let a root made here, and pip in it, trust the authorities that this machine trusts besides Debian's."""
    authorities = sorted(OWN_AUTHORITIES.glob("*.crt"))
    trusted = root / OWN_AUTHORITIES.relative_to("/")
    trusted.mkdir(parents=True, exist_ok=True)
    for authority in authorities:
        shutil.copy(authority, trusted)
    if authorities:
        (root / "etc/pip.conf").write_text("[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n")


def _without(command: list[str], said: int) -> int:
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, timeout=900, check=False
    ).returncode


def _with_terminal(command: list[str], answers: Sequence[str], said: int) -> int:
    """As if typed: each answer when a line that ends with a colon asks for it."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(["setsid", "--ctty", "--wait", *command], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    waiting, seen = list(answers), b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # as Linux says that nobody has the other end open any more
            break
        os.write(said, part)
        seen += part
        if waiting and re.search(rb":\s*$", seen):
            os.write(ours, waiting.pop(0).encode() + b"\n")
            seen = b""
    os.close(ours)
    return process.wait(60)
