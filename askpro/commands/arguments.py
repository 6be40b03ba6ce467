"""What the apps' commands have in common: how a company, a time and a number are written."""

from argparse import ArgumentTypeError
from datetime import datetime, timedelta
from difflib import get_close_matches

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from calls.models import Company

UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def company(slug: str) -> Company:
    """The company with this slug. Raises `CommandError`, which names the nearest one."""
    found = Company.objects.filter(slug=slug).first()
    if found is None:
        near = get_close_matches(slug, Company.objects.values_list("slug", flat=True), 1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise CommandError(f"There is no company with the slug {slug}.{meant}")
    return found


def moment(written: str) -> datetime:
    """A day or a time in the installation's zone, or an age before now."""
    if written[-1:] in UNITS and written[:-1].isascii() and written[:-1].isdigit() and len(written) <= 6:
        return timezone.now() - timedelta(**{UNITS[written[-1]]: int(written[:-1])})
    try:
        day = parse_date(written)
        found = datetime(day.year, day.month, day.day) if day else parse_datetime(written)  # noqa: DTZ001 - made aware below
    except ValueError:
        found = None
    if found is None:
        raise ArgumentTypeError(f"{written!r} is neither a time like 2026-11-24T10:30 nor an age like 6h.")
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def positive(written: str) -> int:
    if not (written.isascii() and written.isdigit() and 0 < len(written) < 10 and int(written)):
        raise ArgumentTypeError("must be a number from 1 to 999999999.")
    return int(written)
