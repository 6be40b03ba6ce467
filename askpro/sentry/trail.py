"""What led to an error: our own log lines without what fills them, tables that were asked, calls to vendors."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

import sentry_sdk
from django.apps import apps

from askpro.queues.plain import is_ours

VENDOR = "vendor"
MOST = 40
# Marks a crumb as one that has passed `kept`.
KEPT = "info"
_STATEMENT = re.compile(r"\s*(?:WITH\b.*?\b)??(SELECT|INSERT|UPDATE|DELETE)\b", re.IGNORECASE | re.DOTALL)
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN)\s+\"?(\w+)\"?", re.IGNORECASE)
LONGEST_STATEMENT = 2000


def asked(vendor: str, route: str, result: str, seconds: float) -> None:
    """Remember an exchange with a vendor: the names are the code's own."""
    said = f"{vendor} {route}: {result} in {seconds * 1000:.0f} ms"
    sentry_sdk.add_breadcrumb(category=VENDOR, message=said)


def kept(crumb: Any, hint: Any) -> Any:
    """The crumb with what may be told of it; None for all others, such as the SDK's own of URLs."""
    record = (hint or {}).get("log_record")
    if record is not None:
        is_sentence = is_ours(record.name) and isinstance(record.msg, str)
        return _crumb(crumb, record.name, record.msg) if is_sentence else None
    if crumb.get("category") == "query":
        said = _statement(str(crumb.get("message"))[:LONGEST_STATEMENT])
        return _crumb(crumb, "query", said) if said else None
    return _crumb(crumb, VENDOR, crumb["message"]) if crumb.get("category") == VENDOR else None


def since(crumbs: Any, moment: datetime | None) -> list[dict[str, Any]]:
    """The crumbs from a moment on: a worker's thread still has those of the jobs before."""
    values = crumbs.get("values", []) if isinstance(crumbs, dict) else []
    return [each for each in values if each.get("type") == KEPT and (moment is None or _time_of(each) >= moment)][
        -MOST:
    ]


def _crumb(crumb: Any, category: str, said: str) -> dict[str, Any]:
    told = {"type": KEPT, "category": category, "message": said, "timestamp": crumb.get("timestamp")}
    return told | ({"level": crumb["level"]} if "level" in crumb else {})


@lru_cache(maxsize=1000)
def _statement(sql: str) -> str:
    """The verb and the first table of ours: no part of a statement that could be a value."""
    verb = _STATEMENT.match(sql)
    table = next((name for name in _TABLE.findall(sql) if name in _tables()), "")
    return f"{verb[1].upper()} {table}" if verb and table else ""


@cache
def _tables() -> frozenset[str]:
    return frozenset({model._meta.db_table for model in apps.get_models()} | {"queues_job_live", "queues_job_failed"})


def _time_of(crumb: dict[str, Any]) -> datetime:
    at = crumb.get("timestamp")
    if isinstance(at, str):
        at = datetime.fromisoformat(at.replace("Z", "+00:00"))
    if not isinstance(at, datetime):
        return datetime.now(UTC) + timedelta(days=1)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
