"""Which kinds of failure are said to be fixed, and which of these have come back: by rows, looked for by the chores."""

from collections.abc import Iterable
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from askpro.console.repair.kinds import kind_of
from askpro.console.repair.models import Fix
from askpro.one_by_one import one_by_one
from askpro.queues.models import Attempt, Job

Kind = tuple[str, str, str]
# Fixes that are looked after at once; a failure that comes back does so soon.
MOST_WATCHED: Final = 200
# Dead jobs of a kind whose versions are read, the newest first.
MOST_LOOKED_AT: Final = 50


def close(kind: Kind, version: str, note: str, user: Any) -> bool:
    """Note that it is fixed; False if that is noted already."""
    actor_name, error_class, fingerprint = kind
    broken = sorted({found for _, found in _versions(_dead(kind)[:MOST_LOOKED_AT])} - {"", version})
    with transaction.atomic():
        _fix, is_new = Fix.objects.get_or_create(
            actor_name=actor_name,
            error_class=error_class,
            fingerprint=fingerprint,
            reopened_at=None,
            defaults={"version": version, "note": note, "user": user, "broken": broken},
        )
    return is_new


def latest() -> dict[Kind, Fix]:
    """The last word on each kind of which somebody said that it is fixed."""
    newest = Fix.objects.select_related("user").order_by("-pk")[: MOST_WATCHED * 2]
    return {fix.kind: fix for fix in reversed(newest)}


def latest_of(kind: Kind) -> Fix | None:
    actor_name, error_class, fingerprint = kind
    same = {"actor_name": actor_name, "error_class": error_class, "fingerprint": fingerprint}
    return Fix.objects.select_related("user").filter(**same).order_by("-pk").first()


def reopen_what_came_back() -> None:
    """Note at each fix the first failure that speaks against it."""
    one_by_one(Fix.objects.filter(reopened_at=None).order_by("-pk")[:MOST_WATCHED], reopen)


def reopen(fix: Fix) -> bool:
    """Note the first failure since by code that should not fail so any more; False while there is none."""
    jobs = _dead(fix.kind).filter(finished_at__gt=fix.closed_at).order_by("finished_at")[:MOST_LOOKED_AT]
    against = [(job, version) for job, version in _versions(jobs) if version not in fix.broken]
    if not against:
        return False
    job, version = against[0]
    noted = {"reopened_at": job.finished_at or timezone.now(), "reopened_by": job.pk, "reopened_in": version}
    return Fix.objects.filter(pk=fix.pk, reopened_at=None).update(**noted) == 1


def _dead(kind: Kind) -> Any:
    actor_name, error_class, fingerprint = kind
    jobs = kind_of("failures").rows().filter(actor_name=actor_name, error_class=error_class, cause=fingerprint)
    return jobs.order_by("-finished_at")


def _versions(jobs: Iterable[Job]) -> list[tuple[Job, str]]:
    """Each job with the version of the code that ran it last."""
    found = list(jobs)
    attempts = Attempt.objects.filter(job_id__in=[job.pk for job in found]).order_by("claim_no")
    versions = dict(attempts.values_list("job_id", "code_version"))
    return [(job, versions.get(job.pk, "")) for job in found]
