"""This host and its processes, as the fleet knows them."""

import socket
from functools import cache
from pathlib import Path

import psutil
from django.conf import settings


def hostname() -> str:
    """This host's name in the fleet. It can be set, because a container's own name tells people nothing."""
    return settings.HOST_NAME or socket.gethostname()


@cache
def pid_space() -> str:
    """Where our pids mean something: this boot of this kernel, and this pid namespace. Empty when unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def is_running(pid: int, started: float) -> bool:
    """Whether this very process is alive, and not another one with the same, recycled pid."""
    try:
        return abs(started_at(pid) - started) < 2 and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def started_at(pid: int) -> float:
    """When a process began, in seconds since the boot: a number that does not change when the clock is set."""
    return psutil.Process(pid).create_time() - psutil.boot_time()
