"""Dead jobs by what they were told and what they died of, among the newest."""

import json
from datetime import timedelta
from typing import Final

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from askpro.console import display
from askpro.console.search.hit import Hit
from askpro.console.term import Term
from askpro.queues.models import Job

DAYS: Final = 7
# No index holds texts: so many rows are read, with what they hold of arguments and errors.
NEWEST: Final = 2000
MOST: Final = 5
SHORTEST: Final = 4


def hits(request: HttpRequest, term: Term) -> list[Hit]:
    """The newest dead jobs with this text in their arguments, tags, or error."""
    typed = term.text.casefold()
    if len(typed) < SHORTEST or term.uuid or not request.user.has_perm("queues.view_job"):
        return []
    since = timezone.now() - timedelta(days=DAYS)
    jobs = Job.objects.filter(status=Job.Status.DEAD, finished_at__gte=since).order_by("-finished_at")
    light = jobs.only("id", "actor_name", "args", "kwargs", "tags", "error_class", "error_message", "finished_at")
    found = [job for job in light[:NEWEST] if typed in _text(job)]
    return [Hit(job.actor_name, _told(job), display.address(job), "error") for job in found[:MOST]]


def window() -> str:
    """What was searched for them, for the person to read."""
    return _("Of dead jobs, the newest %(count)s of the last %(days)s days were searched.") % {
        "count": NEWEST,
        "days": DAYS,
    }


def _told(job: Job) -> str:
    died_at = display.local(job.finished_at or timezone.now(), "SHORT_DATETIME_FORMAT")
    return " · ".join(filter(None, (_("Dead job"), job.error_class.rpartition(".")[2], died_at)))


def _text(job: Job) -> str:
    told = json.dumps([job.args, job.kwargs], ensure_ascii=False)
    return "\n".join((told, *job.tags, job.error_class, job.error_message)).casefold()
