"""The host: full disks, the certificate of the public address, clocks that disagree.

What is about the clock reads it: the time that is given is that of a whole round, and may be seconds old.
"""

import os
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from askpro import deadline
from askpro.queues.fleet.host import hostname
from askpro.watch.conditions.base import Finding, Severity, Source
from askpro.watch.conditions.registry import condition, threshold

# Seconds for one exchange with an address of our own or a vendor's.
EXCHANGE = 4.0
EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED
IN_FILES = gettext_noop(", in files")
ENDED = gettext_noop("The certificate of %(host)s has ended")
FAULTY = gettext_noop("The certificate of %(host)s has a fault: %(fault)s")
ENDS = gettext_noop("The certificate of %(host)s ends on %(day)s")


@condition(
    code="disk_full",
    title=_("A disk is nearly full"),
    severity=Severity.CRITICAL,
    needs=[Source.DISK],
    every=30,
    lasts=30,
    clears=60,
    local=True,
    thresholds={"percent": 92, "files_percent": 95},
    says=[IN_FILES],
    cause=_(
        "{path} on {host} is on a disk that is {value} per cent full{what}. A full disk stops PostgreSQL, logs"
        " and uploads."
    ),
    todo=_(
        "df -h and df -i on the host; du -xh --max-depth=2 {path} finds what grows. What AskPro keeps for how long is"
        " in docs/operations.md."
    ),
)
def disk_full(now: datetime) -> Iterator[Finding]:
    """Of a disk that one of WATCH_DISKS is on, more than so many per cent of the space or of the files are in use."""
    seen = set()
    for path in settings.WATCH_DISKS:
        try:
            device, found = Path(path).stat().st_dev, os.statvfs(path)
        except FileNotFoundError:
            continue
        if device in seen:
            continue
        seen.add(device)
        space = _used(found.f_blocks, found.f_bfree, found.f_bavail)
        files = _used(found.f_files, found.f_ffree, found.f_favail)
        facts = {"path": str(path), "host": hostname()}
        if space > (most := threshold("disk_full.percent")):
            yield Finding(f"{hostname()}: {path}", round(space), most, facts={**facts, "what": ""})
        elif files > (most := threshold("disk_full.files_percent")):
            yield Finding(f"{hostname()}: {path}", round(files), most, facts={**facts, "what": IN_FILES})


@condition(
    code="certificate_expiring",
    title=_("The certificate of the public address ends soon"),
    severity=Severity.WARNING,
    needs=[Source.NETWORK],
    every=3600,
    lasts=0,
    clears=0,
    quiet=True,
    thresholds={"days": 14},
    says=[ENDED, FAULTY, ENDS],
    cause=_("{words}. Without a valid one, no vendor's webhook and no call's function gets through."),
    todo=_("Renew it (certbot renew, or what renews it here) and reload the proxy."),
    patience=8,
)
def certificate_expiring(now: datetime) -> Iterator[Finding]:
    """The certificate that the public address shows is not valid, or not for `days` any more."""
    host, port = _tls_address()
    if not host:
        return
    try:
        ends_at = _ends_at(host, port)
    except ssl.SSLCertVerificationError as error:
        pattern = ENDED if error.verify_code == EXPIRED else FAULTY
        words = pattern % {"host": host, "fault": error.verify_message}
        yield Finding(host, 0, threshold("certificate_expiring.days"), facts={"words": words})
        return
    except OSError:
        return  # That nobody answers there is another matter: the vendors' silence tells it.
    days = (ends_at - now) / timedelta(days=1)
    if days < (least := threshold("certificate_expiring.days")):
        words = ENDS % {"host": host, "day": f"{ends_at:%Y-%m-%d}"}
        yield Finding(host, round(days, 1), least, facts={"words": words})


@condition(
    code="clock_off",
    title=_("The clocks disagree"),
    severity=Severity.CRITICAL,
    needs=[Source.POSTGRES],
    every=60,
    lasts=60,
    clears=60,
    local=True,
    thresholds={"seconds": 5},
    cause=_(
        "The clock of {about} and PostgreSQL's are {value} s apart. Signatures of webhooks are refused when a clock"
        " is minutes off, and what is due comes too early or too late."
    ),
    todo=_("timedatectl on both hosts: does it say that the clock is synchronised? Restart the service that sets it."),
)
def clock_off(now: datetime) -> Iterator[Finding]:
    """This host's clock and PostgreSQL's differ by more than `seconds`, the way there and back left out."""
    with connection.cursor() as cursor:
        # Connects, which is no part of the way.
        cursor.execute("SELECT 1")
        asked_at, began = timezone.now(), time.monotonic()
        cursor.execute("SELECT clock_timestamp()")
        (said,) = cursor.fetchone()
    yield from _apart(hostname(), said - asked_at, time.monotonic() - began, threshold("clock_off.seconds"))


@condition(
    code="clock_off_outside",
    title=_("The host's clock is wrong"),
    severity=Severity.CRITICAL,
    needs=[Source.NETWORK],
    every=900,
    lasts=0,
    clears=0,
    local=True,
    thresholds={"seconds": 60},
    cause=_(
        "By the date in Retell's answers, the clock of {about} is {value} s off. At five minutes, every webhook of"
        " Retell's is refused."
    ),
    todo=_("timedatectl: does it say that the clock is synchronised? Restart the service that sets it."),
    patience=8,
)
def clock_off_outside(now: datetime) -> Iterator[Finding]:
    """This host's clock differs by more than `seconds` from the date in an answer of Retell's, whatever it answers."""
    asked_at, began = timezone.now(), time.monotonic()
    said = _date_of(settings.RETELL_BASE_URL)
    if said is not None:
        yield from _apart(hostname(), said - asked_at, time.monotonic() - began, threshold("clock_off_outside.seconds"))


def _used(all_of_it: int, free: int, available: int) -> float:
    """In per cent, as `df` counts: what is kept for root is not available. 0 where a file system does not count."""
    used = all_of_it - free
    return 100 * used / (used + available) if used + available > 0 else 0.0


def _tls_address() -> tuple[str, int]:
    url = urlsplit(settings.PUBLIC_URL)
    return (url.hostname or "", url.port or 443) if url.scheme == "https" else ("", 0)


def _ends_at(host: str, port: int) -> datetime:
    context = deadline.bounded(ssl.create_default_context())
    with (
        deadline.deadline(EXCHANGE),
        deadline.connect(host, port, EXCHANGE) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        shown = secure.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)


def _date_of(address: str) -> datetime | None:
    """The date of an answer's head, whatever its status; None without an answer in time."""
    url = urlsplit(address)
    kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
    asked = kind(url.hostname or "", url.port, timeout=EXCHANGE)
    try:
        asked.request("HEAD", "/")
        return parsedate_to_datetime(asked.getresponse().headers["Date"])
    except (OSError, HTTPException, TypeError, ValueError):
        return None
    finally:
        asked.close()


def _apart(host: str, apart: timedelta, took: float, most: float) -> Iterator[Finding]:
    # The answer was written somewhere between the question and its arrival.
    seconds = abs(apart.total_seconds() - took / 2)
    if seconds > most + took / 2:
        yield Finding(host, round(seconds, 1), most)
