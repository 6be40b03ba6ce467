"""Where the peers are installed: a folder of their own, so that the product's packages stay as they are."""

from pathlib import Path

from askpro.dev.supply.apart import Apart
from askpro.dev.supply.locks import Lock

ROOT = Path(__file__).resolve().parents[4]
REQUIREMENTS = "askpro/dev/bench/peers/requirements.txt"


def ensure() -> Path:
    """The folder with the pinned packages, installed at its first use. Raises Failure, also without a network."""
    return Apart("peers", Lock(ROOT, REQUIREMENTS), "--peers").ensure()
