"""Packages that must not be among the product's: installed into a folder of their own at their first use."""

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from askpro.dev.supply.locks import Lock
from askpro.dev.up.failure import Failure
from askpro.dev.up.home import Home
from askpro.dev.up.pip import installer

SECONDS = 600.0


@dataclass(frozen=True)
class Apart:
    """The packages of one lock in a folder of the state folder, under `name`; `needed_by` names the command."""

    name: str
    lock: Lock
    needed_by: str

    def ensure(self) -> Path:
        """The folder with the packages, installed at its first use. Raises Failure, also without a network."""
        made_for = f"{sys.version_info[:2]} {sys.platform}".encode() + self.lock.path.read_bytes()
        home = Home.of(self.lock.root)
        home.prepare()
        folder = home.path / f"{self.name}-{hashlib.sha256(made_for).hexdigest()[:12]}"
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            print(f"Installing the {self.name} (only this once)", file=sys.stderr, flush=True)
            self._install(unfinished)
            unfinished.replace(folder)
        return folder

    def _install(self, folder: Path) -> None:
        argv = [*installer(Path(sys.executable)).argv, "install", "--no-input", "--disable-pip-version-check"]
        argv += ["--no-deps", "--require-hashes", "--target", str(folder), "-r", str(self.lock.path)]
        try:
            ran = subprocess.run(
                argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
            )
            said = "" if ran.returncode == 0 else ran.stderr or ran.stdout
        except subprocess.TimeoutExpired:
            said = f"pip did not end within {SECONDS:.0f} s."
        if said:
            tail = "\n  ".join(said.strip().splitlines()[-5:])
            raise Failure(
                f"The {self.name} cannot be installed:\n  {tail}",
                f"{self.needed_by} needs PyPI once (HTTPS_PROXY names a proxy, PIP_INDEX_URL another index).",
            )
