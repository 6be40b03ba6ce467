"""The machine that the figures were measured on; without it they mean nothing."""

import platform
from pathlib import Path
from typing import Any

import django
import dramatiq
import psutil
from django.db import connection

from askpro.queues.ledger import hints


def describe() -> dict[str, Any]:
    load = psutil.getloadavg()
    return {
        "cpu": _cpu(),
        "cores": psutil.cpu_count() or 1,
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "django": django.get_version(),
        "dramatiq": dramatiq.__version__,
        "postgresql": _setting("server_version"),
        "fsync": _setting("fsync"),
        "synchronous_commit": _setting("synchronous_commit"),
        "redis": _redis(),
        "load_before": [round(each, 2) for each in load],
    }


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def _redis() -> str:
    client: Any = hints.connect(5.0)
    info = client.info("server")
    client.close()
    if "valkey_version" in info:
        return f"Valkey {info['valkey_version']}"
    return f"Redis {info['redis_version']}"
