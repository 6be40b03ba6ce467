"""The product's settings as the suite uses them: environment `testing`, and a Redis database for each xdist worker."""

import os
import re

REDIS_DATABASES = 16  # as many as a Redis has by default


def _redis_of_this_worker(url: str) -> str:
    base, _, number = url.rpartition("/") if re.search(r"/\d+$", url) else (url.rstrip("/"), "", "0")
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")) + 1
    return f"{base}/{(int(number) + worker) % REDIS_DATABASES}"


os.environ.setdefault("ASKPRO_ENV", "testing")
# The sandbox's is out of the way, too; tests of gates have limits of their own.
os.environ.setdefault("CALCOM_REQUESTS_PER_MINUTE", "0")
# Playwright's sync API keeps an event loop in the thread in which the ORM works too.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
# xdist's workers inherit the URL from the process that starts them, and the processes of tests from their worker: only
# the URL that all began with is a worker's to change.
if (url := os.environ.get("REDIS_URL")) and url == os.environ.setdefault("ASKPRO_TEST_REDIS_URL", url):
    os.environ["REDIS_URL"] = _redis_of_this_worker(url)

from askpro.settings import *  # noqa: E402, F403 - it reads the environment set above

# The product's hasher takes a third of a second on purpose, which each log-in of a test would take too.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Tests read names on pages as superusers; those about masks switch this on.
REVEAL_FIRST = False
# No thread of the suite's own process writes to its database; tests write figures themselves.
METRICS_FLUSH_SECONDS = 0.0

# What the suite has migrated is copied; `manage.py test` names it when it spreads over several processes.
if template := os.environ.get("ASKPRO_TEST_TEMPLATE"):
    DATABASES["default"]["TEST"] = {"TEMPLATE": template}  # noqa: F405
