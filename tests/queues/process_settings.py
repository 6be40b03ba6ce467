"""Settings of the worker processes that tests start: the product's own, with pools sized by the test."""

import json
import os
from typing import Any

from askpro.queue_settings import QUEUES as QUEUES
from askpro.settings import *  # noqa: F403

QUEUE_SETTINGS = "tests.queues.process_settings"
ENVIRONMENTS: dict[str, dict[str, dict[str, Any]]] = {
    "testing": {
        "all": {
            "queues": os.environ.get("TEST_QUEUES", ",".join(QUEUES)).split(","),
            "processes": int(os.environ.get("TEST_PROCESSES", "1")),
            "threads": int(os.environ.get("TEST_THREADS", "1")),
        }
    }
}
if "TEST_POOLS" in os.environ:
    ENVIRONMENTS["testing"] = json.loads(os.environ["TEST_POOLS"])
if not os.environ.get("TEST_ALL_APPS"):
    # The engine needs no other apps; without them a process starts in half the time.
    INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django_dramatiq", "askpro.queues"]
# The apps' sweepers have their own tests; here they would add jobs that no test sent.
SWEEPERS: list[str] = []
# The rows of apps that are not there belong to nobody.
JOB_GUARD = ""
# Nobody is told of errors.
JOB_FAILED = ""
BEFORE_EXIT: list[str] = []
# Called in every fork.
AFTER_FORK = [path for path in os.environ.get("TEST_AFTER_FORK", "").split(",") if path]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(process)d %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"dramatiq.worker.WorkerThread": {"level": "CRITICAL"}},
}

LIMITS = {
    "testing": (10, 60.0),
    "fast": (20, 2.0),
    "sixty": (60, 60.0),
    "chaos": (int(os.environ.get("TEST_RATE", "5")), 2.0),
}
SCHEDULE: dict[str, dict[str, Any]] = {}
if os.environ.get("TEST_SCHEDULE"):
    SCHEDULE["each-second"] = {"cron": "* * * * * *", "timezone": "UTC", "actor": "nothing", "missed": "all"}
if os.environ.get("TEST_CANARIES"):
    SCHEDULE["canary-default"] = {
        "cron": "* * * * * *",
        "timezone": "UTC",
        "actor": "canary_default",
        "tick_as": "sent",
        "missed": "skip",
    }
