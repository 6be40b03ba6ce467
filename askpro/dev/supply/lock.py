"""`manage.py lock`: writes the locks, by uv, for every Python and machine at once."""

import argparse
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from askpro.dev.bench.peers.installation import REQUIREMENTS as PEERS
from askpro.dev.supply import tools
from askpro.dev.supply.locks import Lock
from askpro.dev.up.failure import Failure
from askpro.dev.up.installation import LOCAL, RUN_TIME, TESTS

OLDEST_PYTHON = "3.11"
TOGETHER = (RUN_TIME, LOCAL, TESTS)  # installed into one `.venv`, so their locks agree in every version
APART = (PEERS, tools.REQUIREMENTS)
SECONDS = 300.0


def run(root: Path, options: argparse.Namespace) -> int:
    """Write every lock. Versions stay as they are, but for what a changed pin or `options` asks for."""
    compiler = _Compiler(root, tools.ensure(root) / "bin" / "uv", options)
    known = "" if options.all else "\n".join(_packages(Lock(root, name)) for name in TOGETHER)
    together = compiler.compile(TOGETHER, known)
    for name in TOGETHER:
        Lock(root, name).write(compiler.compile([name], together))
    for name in APART:
        lock = Lock(root, name)
        listed_whole = ["--no-deps"] if name == PEERS else []
        lock.write(compiler.compile([name], "" if options.all else _packages(lock), *listed_whole))
    for name in (*TOGETHER, *APART):
        print(f"{Lock(root, name).path.relative_to(root)}: {len(Lock(root, name).packages())} packages")
    return 0


class _Compiler:
    def __init__(self, root: Path, uv: Path, options: argparse.Namespace) -> None:
        self._root = root
        self._argv = [str(uv), "pip", "compile", "--quiet", "--no-header", "--universal", "--generate-hashes"]
        self._argv += ["--no-config", "--python-version", OLDEST_PYTHON]
        self._raised = [part for name in options.raised for part in ("--upgrade-package", name)]

    def compile(self, requirements: Sequence[str], known: str, *options: str) -> str:
        """The lock's packages for these files, in the versions of the lock `known` where they fit. Raises Failure."""
        with tempfile.TemporaryDirectory(prefix="askpro-lock-") as folder:
            output = Path(folder) / "requirements.lock"  # uv takes the versions that it finds there
            output.write_text(known, encoding="utf-8")
            argv = [*self._argv, *self._raised, *options, "--output-file", str(output), *requirements]
            ran = subprocess.run(argv, cwd=self._root, capture_output=True, text=True, timeout=SECONDS, check=False)
            if ran.returncode:
                raise Failure(f"uv found no versions that fit together:\n{ran.stderr.strip()}", "Change a pin.")
            return output.read_text(encoding="utf-8")


def _packages(lock: Lock) -> str:
    return lock.path.read_text(encoding="utf-8") if lock.path.is_file() else ""
