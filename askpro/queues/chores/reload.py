"""Whether the code on disk is still the code that was loaded; for development."""

import sys
import time
from pathlib import Path

from django.conf import settings
from django.utils.autoreload import iter_all_python_module_files

# Loading takes a moment: a file written during it may have been read before or after the write.
MARGIN = 1.0
# About when this process began to load the project. A fork keeps the value; an exec sets it again.
LOADED_AT = time.time() - MARGIN


class CodeWatch:
    """Remembers when each loaded module of the project was written; a change since the loading counts as well."""

    def __init__(self, loaded_at: float = LOADED_AT) -> None:
        self._written = _written()
        self._is_old = any(loaded_at < moment <= time.time() for moment in self._written.values())

    def has_changed(self) -> bool:
        """Whether a loaded file was written since the last call."""
        before, now = self._written, _written()
        # A file that is missing for a moment is being replaced: keep what is known of it.
        self._written = {**before, **now}
        is_old, self._is_old = self._is_old, False
        return is_old or any(moment != before.get(path, moment) for path, moment in now.items())


def _written() -> dict[str, float]:
    """When each of the project's loaded files was written; a virtual environment in its folder is not the project."""
    root, environment = f"{settings.BASE_DIR}/", f"{Path(sys.prefix).resolve()}/"
    paths = map(str, iter_all_python_module_files())
    own = (path for path in paths if path.startswith(root) and not path.startswith(environment))
    return {path: moment for path in own if (moment := _moment(path))}


def _moment(path: str) -> float:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0
