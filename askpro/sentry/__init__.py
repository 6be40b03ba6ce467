"""Error reports to Sentry: classes and places in the code, each cause once an hour, nothing of what people said.

`client` starts and ends it, `jobs` tells it of failed runs, `causes` says which errors are one cause, `allowed` what a
report may hold, `trail` what led to it. `desk` counts in this process, `tally` over all processes and hosts.
"""

from askpro.sentry.allowed import WITHHELD, scrub
from askpro.sentry.client import finish, start
from askpro.sentry.jobs import job_failed

__all__ = ["WITHHELD", "finish", "job_failed", "scrub", "start"]
