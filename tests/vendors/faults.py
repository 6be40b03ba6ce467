"""The faults of the matrix: the sandbox plays them, or the request goes to another address."""

from dataclasses import dataclass, field
from typing import Any

PAGE = "<html><h1>Sorry</h1></html>"
# Longer than any time-out of the matrix.
SILENT_MS = 1500


@dataclass(frozen=True)
class Fault:
    """`spec` is set at the sandbox, on the route of the request; `address` is used instead of the vendor's own.

    `is_slow`: only the time-out ends it, so the matrix has a short one for it.
    """

    name: str
    spec: dict[str, Any] = field(default_factory=dict)
    address: str = ""
    is_slow: bool = False


def _page(status: int) -> Fault:
    return Fault(f"{status} of a proxy", {"status": status, "body": PAGE})


def _own(status: int) -> Fault:
    return Fault(f"{status}", {"status": status})


# An answer of the right status that says nothing: with `effect`, what was asked for has happened all the same.
def _empty_words(name: str, body: Any) -> Fault:
    return Fault(name, {"status": 200, "body": body, "effect": True})


UNREADABLE = {"status": "success", "data": [{"uid": 7}], "messages": [{"sid": 7}]}
WRONG_TYPES = {"status": 7, "data": 7, "messages": {"sid": []}, "sid": 7}

HTTP_FAULTS = (
    Fault("refused", address="http://127.0.0.1:9"),
    Fault("no such name", address="http://vendor.invalid"),
    Fault("no TLS", address="https://{host}"),
    Fault("time-out before", {"drop": "before", "latency_ms": SILENT_MS}, is_slow=True),
    Fault("time-out after success", {"drop": "after", "latency_ms": SILENT_MS}, is_slow=True),
    Fault("reset before", {"reset": "before"}),
    Fault("reset after success", {"reset": "after"}),
    *(_own(status) for status in (400, 401, 403, 404, 409, 413, 422)),
    *(_page(status) for status in (400, 401, 403, 404, 408, 409, 413, 422)),
    Fault("429 with a pause", {"status": 429, "headers": {"Retry-After": "7"}}),
    Fault("429 without a pause", {"status": 429, "headers": {"X-RateLimit-Reset-Default": ""}}),
    _own(500),
    Fault("500 after success", {"status": 500, "effect": True}),
    _page(502),
    Fault("502 of a proxy after success", {"status": 502, "body": PAGE, "effect": True}),
    _own(503),
    Fault("truncated", {"cut": True}),
    _empty_words("empty", ""),
    _empty_words("wrong types", WRONG_TYPES),
    _empty_words("unreadable list", UNREADABLE),
    Fault("a page instead", {"status": 200, "body": PAGE}),
    Fault("drip", {"drip_ms": 25}, is_slow=True),
    Fault("600 MB", {"padding": 600_000_000}),
    Fault("packed 30 MB", {"padding": 30_000_000, "pack": True}),
    Fault("redirect", {"status": 302, "body": "", "headers": {"Location": "https://elsewhere.example/"}}),
)

SMTP_FAULTS = (
    Fault("refused", address="127.0.0.1:9"),
    Fault("no such name", address="mail.invalid:{port}"),
    Fault("no TLS", address="tls://127.0.0.1:{port}"),
    Fault("time-out before", {"drop": "before", "latency_ms": SILENT_MS}, is_slow=True),
    Fault("time-out after success", {"drop": "after", "latency_ms": SILENT_MS}, is_slow=True),
    Fault("reset before", {"reset": "before"}),
    Fault("reset after success", {"reset": "after"}),
    *(Fault(str(status), {"status": status}) for status in (421, 450, 451, 452, 550, 552, 554)),
    Fault("wrong types", {"body": "hello", "effect": True}),
    Fault("drip", {"drip_ms": 25}, is_slow=True),
    Fault("600 MB", {"padding": 600_000_000}),
)
