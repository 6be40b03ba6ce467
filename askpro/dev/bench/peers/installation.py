"""Where the peers are installed: a folder of their own, so that the product's packages stay as they are."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from askpro.dev.up.failure import Failure
from askpro.dev.up.home import Home
from askpro.dev.up.pip import installer

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
ROOT = Path(__file__).resolve().parents[4]
SECONDS = 600.0


def ensure() -> Path:
    """The folder with the pinned packages, installed at its first use. Raises Failure, also without a network."""
    made_for = f"{sys.version_info[:2]} {sys.platform}".encode() + REQUIREMENTS.read_bytes()
    home = Home.of(ROOT)
    home.prepare()
    folder = home.path / f"peers-{hashlib.sha256(made_for).hexdigest()[:12]}"
    if not folder.exists():
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        print("Installing the peers (only this once)", file=sys.stderr, flush=True)
        _install(unfinished)
        unfinished.replace(folder)
    return folder


def _install(folder: Path) -> None:
    argv = [*installer(Path(sys.executable)).argv, "install", "--no-input", "--disable-pip-version-check"]
    argv += ["--no-deps", "--target", str(folder), "-r", str(REQUIREMENTS)]
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
            f"The peers cannot be installed:\n  {tail}",
            "--peers needs PyPI once (HTTPS_PROXY names a proxy, PIP_INDEX_URL another index). Without --peers"
            " nothing is installed.",
        )
