"""Cal.com's rate limit: a number of requests per minute and key; above it the key is blocked for a minute."""

import threading
import time
from dataclasses import dataclass

WINDOW = 60.0


@dataclass
class _Window:
    ends: float
    used: int = 0
    blocked: bool = False


class Throttle:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, _Window] = {}

    def count(self, key: str, limit: int) -> tuple[bool, dict[str, str]]:
        """Whether this request passes, and the headers that say how many are left; Reset is the seconds until then."""
        now = time.monotonic()
        with self._lock:
            window = self._windows.get(key)
            if window is None or window.ends <= now:
                window = self._windows[key] = _Window(now + WINDOW)
            window.used += 1
            if window.used > limit and not window.blocked:
                window.blocked, window.ends = True, now + WINDOW
            return not window.blocked, headers(limit, max(0, limit - window.used), window.ends - now)


def headers(limit: int, remaining: int, reset: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit-Default": str(limit),
        "X-RateLimit-Remaining-Default": str(remaining),
        "X-RateLimit-Reset-Default": str(max(1, round(reset))),
    }
