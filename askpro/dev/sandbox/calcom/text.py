"""How Cal.com writes times and ids."""

import secrets
import string
from datetime import UTC, datetime, tzinfo

# short-uuid's alphabet: no characters that look alike.
ALPHABET = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1Il")))


def new_uid() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(22))


def milliseconds(moment: datetime) -> str:
    """`2026-12-03T13:00:00.000Z`"""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def seconds(moment: datetime) -> str:
    """`2026-12-03T13:00:00Z`"""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def offset(moment: datetime) -> str:
    """`2026-12-03T13:00:00+00:00`"""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def local(moment: datetime, zone: tzinfo) -> str:
    """`2026-12-03T14:00:00.000+01:00`, in UTC with a Z."""
    if zone is UTC or str(zone) == "UTC":
        return milliseconds(moment)
    return moment.astimezone(zone).isoformat(timespec="milliseconds")


def parsed(value: str) -> datetime:
    """An instant in UTC; without a zone it is read as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
