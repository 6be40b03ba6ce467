"""Starts the process of a dry run, and waits for its answer.

It is started anew, not forked: a fork of a web process would share its sessions at PostgreSQL, and locks that its other
threads hold would stay locked.
"""

import json
import logging
import os
import subprocess
import sys
from typing import Any, Final

from django.conf import settings

from askpro.console.dry_run.report import Ended, Report

log = logging.getLogger(__name__)

# Seconds in all, the start of Django included; then it is killed, and PostgreSQL rolls back.
PATIENCE: Final = 30.0
# Redis is neither told nor asked, no figure is kept, and no error is reported.
ENVIRONMENT: Final = {"REDIS_URL": "", "METRICS_FLUSH_SECONDS": "0", "SENTRY_DSN": "", "LOG_LEVEL": "CRITICAL"}


def report_of(kind: str, key: str) -> Report:
    """What would come of it. A process that does not answer has changed nothing either."""
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "askpro.console.dry_run"],
            input=json.dumps({"kind": kind, "key": key}).encode(),
            stdout=subprocess.PIPE,
            # What it logs or complains of is not what has happened.
            stderr=subprocess.DEVNULL,
            cwd=settings.BASE_DIR,
            env={**os.environ, **ENVIRONMENT},
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Report(Ended.OVERTIME)
    if ended.returncode:
        log.warning("The process of a dry run ended with %d", ended.returncode)
        return Report(Ended.BROKEN)
    told: dict[str, Any] = json.loads(ended.stdout)
    return Report.of_json(told)
