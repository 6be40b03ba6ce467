"""A Chromium for the tests that look at pages: found, or installed if possible."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CACHED = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
    "chromium_headless_shell-*/*/*headless*shell",
)
PLAYWRIGHT = (sys.executable, "-m", "playwright")
INSTALL_SECONDS = 600.0
# A container has a small /dev/shm, no GPU and often only root; the rest keeps it from calling home.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ADVICE = (
    "No browser: the tests that need one are skipped. Install one with `apt-get install -y chromium` or "
    "`.venv/bin/python -m playwright install chromium`, or name it in ASKPRO_BROWSER."
)


def find() -> Path | None:
    """ASKPRO_BROWSER, else one on PATH, else the newest in Playwright's cache."""
    if named := os.environ.get("ASKPRO_BROWSER"):
        return Path(named) if os.access(named, os.X_OK) else None
    on_path = [Path(found) for name in NAMES if (found := shutil.which(name))]
    return next(iter([*on_path, *_cached()]), None)


def find_or_install() -> Path | None:
    """`find`, then what Playwright installs, then Debian's package if Playwright's fails; None if all fail."""
    if (found := find()) or os.environ.get("ASKPRO_BROWSER"):
        return found
    print("No browser yet: installing Chromium…", file=sys.stderr, flush=True)
    may_install_packages = os.geteuid() == 0 and shutil.which("apt-get")
    if _runs(*PLAYWRIGHT, "install", "chromium") and find():
        if may_install_packages:
            _runs(*PLAYWRIGHT, "install-deps", "chromium")  # what `install --with-deps` does, but after the download
    elif may_install_packages:
        _runs("apt-get", "-qq", "update")
        _runs("apt-get", "-qq", "install", "-y", "--no-install-recommends", "chromium")
    return find()


def is_required() -> bool:
    """Whether a missing browser is a failure (CI) and not a reason to skip."""
    return os.environ.get("ASKPRO_REQUIRE_BROWSER") == "1"


def _cached() -> list[Path]:
    default = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "ms-playwright"
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or default)
    return [
        path for pattern in CACHED for path in sorted(folder.glob(pattern), reverse=True) if os.access(path, os.X_OK)
    ]


def _runs(*argv: str) -> bool:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=INSTALL_SECONDS, env=env)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
