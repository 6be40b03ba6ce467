"""Dead jobs by what killed them: how many and since when, one to look at, and all of a kind sent again."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from askpro.console.charts import Chart, Series, Shape
from askpro.console.permissions import May
from askpro.console.repair import fixes
from askpro.console.repair.addresses import address
from askpro.console.repair.kinds import EMPTY
from askpro.console.repair.models import Fix
from askpro.console.repair.outages import may_repair
from askpro.console.subjects import MODELS, named
from askpro.console.trace import lines_of
from askpro.queues.models import Attempt, Job

# The newest; an outage may leave more than anybody reads.
MOST = 10_000
MOST_NAMED = 50
MOST_SUBJECTS = 8
# The colour of failures in charts.
DEAD_TONE = 3
# A job dies of its last failure; one that died waiting has the fingerprint of none.
DEAD = f"""
WITH dead AS MATERIALIZED (
    SELECT id, actor_name, queue_name, error_class, finished_at FROM queues_job
     WHERE status = 'dead' AND finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT {MOST}
), printed AS (
    SELECT dead.*, coalesce((
           SELECT fingerprint FROM queues_attempt
            WHERE job_id = dead.id AND fingerprint <> ''
            ORDER BY job_id DESC, claim_no DESC LIMIT 1), '') AS fingerprint
      FROM dead
)
"""
GROUPS = f"""{DEAD}
SELECT actor_name, error_class, fingerprint, max(queue_name), count(*),
       count(*) FILTER (WHERE finished_at > clock_timestamp() - interval '1 hour'),
       count(*) FILTER (WHERE finished_at > clock_timestamp() - interval '1 day'),
       count(*) FILTER (WHERE finished_at > clock_timestamp() - interval '7 days'),
       min(finished_at), max(finished_at), (array_agg(id ORDER BY finished_at DESC))[1]
  FROM printed GROUP BY 1, 2, 3 ORDER BY max(finished_at) DESC
"""
MEMBERS = f"""{DEAD}
SELECT id, finished_at FROM printed
 WHERE actor_name = %s AND error_class = %s AND fingerprint = %s ORDER BY finished_at DESC
"""
TROUBLED = """
SELECT actor_name, error_class, count(*), min(run_at), max(tries_spent) FROM (
    SELECT actor_name, error_class, run_at, tries_spent FROM queues_job
     WHERE status IN ('scheduled', 'retrying', 'released') AND status = 'retrying' LIMIT 20000) AS retrying
 GROUP BY 1, 2 ORDER BY 3 DESC
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """What dead jobs have in common: the job, the error's class, and the places in our code that it came through."""

    actor_name: str
    error_class: str
    fingerprint: str

    @classmethod
    def of(cls, request: HttpRequest) -> "Kind":
        """Read from the address; what PostgreSQL cannot hold names no kind."""
        said = [request.GET.get(key, "") for key in ("actor", "error", "print")]
        if not said[0] or any("\x00" in word or len(word) > 200 for word in said):
            raise Http404
        return cls(*said)

    @property
    def query(self) -> str:
        return urlencode({"actor": self.actor_name, "error": self.error_class, "print": self.fingerprint})

    @property
    def address(self) -> str:
        return f"{reverse('admin:failure_group')}?{self.query}"

    @property
    def key(self) -> tuple[str, str, str]:
        return self.actor_name, self.error_class, self.fingerprint

    @property
    def retry_address(self) -> str:
        return address("failures", "retry", **self._chosen)

    @property
    def filter_address(self) -> str:
        """Its jobs, to be narrowed further."""
        return address("failures", **self._chosen)

    @property
    def fix_address(self) -> str:
        return f"{reverse('admin:failure_fix')}?{self.query}"

    @property
    def _chosen(self) -> dict[str, str]:
        return {"job": self.actor_name, "error": self.error_class or EMPTY, "print": self.fingerprint or EMPTY}

    @property
    def name(self) -> str:
        """The error's class without its module."""
        return self.error_class.rpartition(".")[2] or _("Unknown error")


@dataclass(slots=True)
class Group:
    """Dead jobs of one kind: how many, in which windows, the first, the last, and the message of the newest."""

    kind: Kind
    queue_name: str
    count: int
    hour: int
    day: int
    week: int
    first_at: datetime
    last_at: datetime
    newest_id: UUID
    message: str = ""
    fix: Fix | None = None


def groups() -> list[Group]:
    """Every kind among the newest dead jobs, the latest first."""
    with connection.cursor() as cursor:
        cursor.execute(GROUPS)
        found = [Group(Kind(*row[:3]), *row[3:]) for row in cursor.fetchall()]
    ids = [group.newest_id for group in found]
    messages = dict(Job.objects.filter(pk__in=ids).values_list("pk", "error_message"))
    said = fixes.latest()
    for group in found:
        group.message = messages.get(group.newest_id, "")
        group.fix = said.get(group.kind.key)
    return found


def members(kind: Kind) -> list[tuple[UUID, datetime]]:
    """The dead jobs of a kind with the moment of each, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(MEMBERS, [kind.actor_name, kind.error_class, kind.fingerprint])
        return list(cursor.fetchall())


def board(request: HttpRequest) -> dict[str, Any]:
    """The context of the page with all kinds."""
    found = groups()
    total = sum(group.count for group in found)
    with connection.cursor() as cursor:
        cursor.execute(TROUBLED)
        troubled = cursor.fetchall()
    return {
        "groups": found,
        "total": total,
        "is_capped": total >= MOST,
        "hour": sum(group.hour for group in found),
        "day": sum(group.day for group in found),
        "troubled": troubled,
        "may_retry": may_repair(request.user),
    }


def group_board(request: HttpRequest) -> dict[str, Any]:
    """The context of one kind's page."""
    kind = Kind.of(request)
    found = members(kind)
    ids = [pk for pk, _at in found]
    light = Job.objects.filter(pk__in=ids[:MOST_NAMED]).defer("args", "kwargs", "options")
    jobs = sorted(light, key=lambda job: ids.index(job.pk))
    sample = Attempt.objects.filter(job_id__in=ids[:1]).exclude(trace="").order_by("-claim_no").first()
    return {
        "title": _("%(error)s in %(job)s") % {"error": kind.name, "job": kind.actor_name},
        "kind": kind,
        "count": len(found),
        "jobs": jobs,
        "sample": jobs[0] if jobs else None,
        "trace": lines_of(sample.trace) if sample else [],
        "first_at": found[-1][1] if found else None,
        "last_at": found[0][1] if found else None,
        "chart": _by_hour([at for _pk, at in found]),
        "subjects": _subjects(ids),
        "versions": sorted(
            set(Attempt.objects.filter(job_id__in=ids[:MOST_NAMED]).values_list("code_version", flat=True))
        ),
        "fix": fixes.latest_of(kind.key),
        "may_retry": bool(found) and may_repair(request.user),
        "may_fix": request.user.has_perm(May.RETRY),
    }


def _by_hour(moments: Iterable[datetime]) -> Chart:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    counts = Counter(at.replace(minute=0, second=0, microsecond=0) for at in moments)
    hours = [hour - timedelta(hours=back) for back in range(47, -1, -1)]
    series = [Series(_("dead jobs"), [(at, float(counts.get(at, 0))) for at in hours], DEAD_TONE)]
    return Chart(_("Died"), _("jobs in each hour"), Shape.BARS, series)


def _subjects(ids: list[UUID]) -> list[tuple[str, Any, int]]:
    """The companies and numbers that most of these jobs name: one caller's trouble, or everybody's."""
    tags: Counter[str] = Counter()
    for said in Job.objects.filter(pk__in=ids[:1000]).values_list("tags", flat=True):
        tags.update(tag for tag in said if tag.partition(":")[0] in MODELS)
    most = [(tag, count) for tag, count in tags.most_common(MOST_SUBJECTS) if count > 1 or len(ids) == 1]
    return [(tag, named(tag), count) for tag, count in most]
