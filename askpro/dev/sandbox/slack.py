"""Slack's incoming webhooks: https://api.slack.com/messaging/webhooks, errors as its page lists them."""

import re
import threading
from datetime import UTC, datetime
from typing import Any, Final

from askpro.dev.sandbox.exchange import Answer, Request, Route, Unreadable

# The path of the one webhook that exists; any other is answered as Slack answers one that was removed.
HOOK: Final = "/slack/services/T00000000/B00000000/sandbox"
LARGEST: Final = 40_000
_WORDS: Final = {
    400: "invalid_payload",
    403: "invalid_token",
    404: "no_service",
    410: "channel_is_archived",
    429: "rate_limited",
    500: "rollup_error",
}


class Slack:
    """Keeps what is posted. `texts` are the messages in the order they came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._posts: list[dict[str, Any]] = []

    def routes(self) -> list[Route]:
        return [Route("slack.post", "POST", re.compile(re.escape(HOOK)), self._post)]

    def unknown(self, request: Request) -> Answer:
        return _plain(404)

    def usual(self, status: int, request: Request) -> Answer:
        answer = _plain(status)
        if status == 429:
            answer.headers["Retry-After"] = "1"
        return answer

    def posts(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._posts)

    def _post(self, request: Request) -> Answer:
        text = _text(request)
        if text is None:
            return _plain(400)
        if not text:
            return _plain(400, "no_text")
        with self._lock:
            self._posts.append({"at": datetime.now(UTC).isoformat(), "text": text[:LARGEST]})
        return _plain(200, "ok")


def _text(request: Request) -> str | None:
    """None for what Slack cannot read."""
    try:
        said = request.json
    except Unreadable:
        return None
    text = said.get("text", "") if isinstance(said, dict) else None
    return text if isinstance(text, str) else None


def _plain(status: int, words: str = "") -> Answer:
    return Answer(status, (words or _WORDS.get(status, "error")).encode(), {"Content-Type": "text/html"})
