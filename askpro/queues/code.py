"""Whether the code on disk is still the code that was loaded; for development."""

import sys
from pathlib import Path

from django.conf import settings


class CodeWatch:
    """Remembers the newest change among the project's loaded modules."""

    def __init__(self) -> None:
        self._newest = _newest()

    def has_changed(self) -> bool:
        """Whether a loaded file was written since the last call."""
        before, self._newest = self._newest, _newest()
        return self._newest > before


def _newest() -> float:
    root = str(settings.BASE_DIR)
    paths = {module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)}
    return max((_written(path) for path in paths if path and path.startswith(root)), default=0.0)


def _written(path: str) -> float:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0
