"""A request and an answer, without sockets."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from http.client import responses
from re import Pattern
from typing import Any, NamedTuple
from urllib.parse import parse_qsl


class Unreadable(ValueError):
    """The body does not match its content type."""


@dataclass
class Request:
    """`path` is without the query; `headers` are looked up in any case; `parts` are the path's named parts."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str] | Message
    body: bytes
    parts: dict[str, str] = field(default_factory=dict)

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @cached_property
    def form(self) -> dict[str, str]:
        if "x-www-form-urlencoded" not in self.headers.get("Content-Type", ""):
            return {}
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))

    @cached_property
    def json(self) -> Any:
        """The parsed body; an empty object when it is empty or its type is not JSON. Raises `Unreadable`."""
        if not self.body or "json" not in self.headers.get("Content-Type", ""):
            return {}
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Unreadable("malformed JSON") from error

    @property
    def url(self) -> str:
        return f"{self.path}?{self.query_string}" if self.query_string else self.path


@dataclass
class Answer:
    """The last four fields are a fault's changes to the answer on its way, see `askpro.dev.sandbox.faults`."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    drip_ms: int = 0
    padding: int = 0
    pack: bool = False

    @property
    def reason(self) -> str:
        return responses.get(self.status, "Unknown")


@dataclass(frozen=True)
class Silence:
    """No answer: after `seconds` the connection is closed, or reset (RST) with `reset`."""

    seconds: float = 0.0
    reset: bool = False


Handler = Callable[[Request], Answer]


class Route(NamedTuple):
    """Faults are set by `name`, such as calcom.create_booking."""

    name: str
    method: str
    pattern: Pattern[str]
    handle: Handler


def as_json(status: int, body: Any, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, compact(body), {"Content-Type": "application/json; charset=utf-8"} | (headers or {}))


def compact(body: Any) -> bytes:
    """As JavaScript's JSON.stringify writes it, which is what the vendors sign."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
