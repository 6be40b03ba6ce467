"""What a watcher knows of itself, for the conditions about the watch (`conditions/watch.py`). One watcher a process."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Own:
    # Why each channel fails, as all watchers together know it.
    failing_channels: dict[str, str] = field(default_factory=dict)
    # Since when this watcher could not look at a condition.
    unknown_since: dict[str, datetime] = field(default_factory=dict)
    host: str = ""


own = Own()
