"""Which watchers live: each says so in a row, in a file of its host, and to systemd."""

import os
import socket
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from askpro.watch.models import Watcher

# Seconds between two beats in PostgreSQL, and the age from which a watcher does not live any more.
EVERY = 10.0
LIVES = timedelta(seconds=45)


def living(now: datetime) -> list[Watcher]:
    """Those that have beaten lately."""
    return list(Watcher.objects.filter(stopped_at=None, beat_at__gt=now - LIVES))


def silent(now: datetime, after: timedelta) -> list[Watcher]:
    """Those that have fallen silent without having been stopped, within the last week."""
    return list(Watcher.objects.filter(stopped_at=None, beat_at__lt=now - after, beat_at__gt=now - timedelta(days=7)))


def begin(host: str, now: datetime) -> None:
    values = {"pid": os.getpid(), "started_at": now, "beat_at": now, "stopped_at": None}
    Watcher.objects.update_or_create(host=host, defaults=values)


def beat(host: str, now: datetime) -> None:
    """Also where the row is gone, after a restore for instance."""
    if not Watcher.objects.filter(host=host).update(beat_at=now, pid=os.getpid(), stopped_at=None):
        begin(host, now)


def end(host: str, now: datetime) -> None:
    Watcher.objects.filter(host=host, pid=os.getpid()).update(stopped_at=now)


def touch() -> None:
    """The file's age shows without any server whether this host's watcher goes round: ASKPRO_HOME/watch/beat."""
    path = Path(settings.ASKPRO_HOME) / "watch" / "beat"
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch()


def tell_systemd(words: str) -> None:
    """What sd_notify(3) does: one datagram to the socket that systemd names, if it does."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as datagram:
        datagram.sendto(words.encode(), address)
