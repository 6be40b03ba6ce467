"""The tool of `lock`, which is not among the packages that it locks."""

from pathlib import Path

from askpro.dev.supply.apart import Apart
from askpro.dev.supply.locks import Lock

REQUIREMENTS = "askpro/dev/supply/requirements.txt"


def ensure(root: Path) -> Path:
    """The folder with uv, installed at its first use. Raises Failure, also without a network."""
    return Apart("tools", Lock(root, REQUIREMENTS), "manage.py lock").ensure()
