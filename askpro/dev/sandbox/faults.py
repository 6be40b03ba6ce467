"""Faults on demand: what a route does wrong, how often, and for which requests."""

import json
import random
import threading
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from askpro.dev.sandbox.exchange import Request, Unreadable

FIELDS: dict[str, type] = {
    "status": int,
    "body": object,
    "headers": dict,
    "latency_ms": int,
    "drop": str,
    "reset": str,
    "effect": bool,
    "slot_gone": bool,
    "cut": bool,
    "drip_ms": int,
    "padding": int,
    "pack": bool,
    "share": float,
}
MOMENTS = ("", "before", "after")


class BadFault(ValueError):
    """The text says what is wrong with the fault."""


@dataclass
class Fault:
    """One thing that goes wrong `times` times on routes that match `route` (`calcom.*` matches all of Cal.com).

    status, body, headers   answered instead; without a body the vendor's usual one for that status. With `effect`
                            the request is carried out all the same.
    latency_ms              waits first; if nothing else is set, the normal answer follows
    drop, reset             "before" or "after" the request takes effect: no answer, and after `latency_ms` the
                            connection is closed (drop) or reset
    slot_gone               a booking finds its time taken
    cut                     the connection is closed after the first half of the answer
    drip_ms                 the answer comes byte by byte, head included, with this pause between two
    padding, pack           this number of blanks follows the answer; `pack` compresses both with gzip
    share                   of the requests that match, about this part meets the fault, by chance; else each does
    match                   only requests whose path, query, form or JSON holds these values under these names
    """

    id: int
    route: str
    times: int = 1
    status: int = 0
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    latency_ms: int = 0
    drop: str = ""
    reset: str = ""
    effect: bool = False
    slot_gone: bool = False
    cut: bool = False
    drip_ms: int = 0
    padding: int = 0
    pack: bool = False
    share: float = 1.0
    match: dict[str, str] = field(default_factory=dict)
    hits: int = 0

    @property
    def takes_effect(self) -> bool:
        """Whether the request is carried out in spite of the fault."""
        if self.status:
            return self.effect
        return "before" not in (self.drop, self.reset)

    @property
    def silent(self) -> bool:
        return bool(self.drop or self.reset)


class Faults:
    """The faults that are set, oldest first; each request meets the first that matches."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._next_id = 1

    def add(self, wanted: dict[str, Any]) -> Fault:
        """Set a fault from {"route", "fault": {…}, "times", "match"}. Raises `BadFault`."""
        spec = wanted.get("fault")
        if not isinstance(wanted.get("route"), str) or not isinstance(spec, dict):
            raise BadFault("A fault needs a route and an object fault.")
        if unknown := set(spec) - set(FIELDS):
            raise BadFault(f"A fault has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(FIELDS))}.")
        if wrong := [name for name, value in spec.items() if not isinstance(value, FIELDS[name])]:
            raise BadFault(f"Of the wrong type: {', '.join(wrong)}.")
        if spec.get("drop", "") not in MOMENTS or spec.get("reset", "") not in MOMENTS:
            raise BadFault('drop and reset are "before" or "after".')
        with self._lock:
            fault = Fault(
                self._next_id, wanted["route"], int(wanted.get("times", 1)), match=wanted.get("match") or {}, **spec
            )
            self._next_id += 1
            self._faults.append(fault)
        return fault

    def take(self, route: str, request: Request) -> Fault | None:
        """The fault that this request meets; uses it up by one."""
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults:
                is_left = fault.hits < fault.times and (fault.share >= 1 or random.random() < fault.share)
                if is_left and fnmatchcase(route, fault.route) and _matches(fault, request):
                    fault.hits += 1
                    return fault
        return None

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]


def _matches(fault: Fault, request: Request) -> bool:
    if not fault.match:
        return True
    values = _values(request)
    return all(str(values.get(name)) == str(wanted) for name, wanted in fault.match.items())


def _values(request: Request) -> dict[str, Any]:
    """All values of a request by name; inner names of JSON are joined by dots."""
    try:
        body = request.json
    except Unreadable:
        body = {}
    flat: dict[str, Any] = {**request.parts, **request.query, **request.form}
    waiting = [("", body)]
    while waiting:
        prefix, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((f"{prefix}.{name}" if prefix else name, inner) for name, inner in value.items())
        else:
            flat[prefix] = value if isinstance(value, str) else json.dumps(value)
    return flat
