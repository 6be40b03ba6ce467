"""The act by which a person gives a call to the branch that it was for."""

from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from askpro.console import display
from askpro.console.acts import Act
from calls import placing
from calls.models import Call

# Who may cancel and move appointments may also say where they belong.
PERMISSION: Final = "appointments.change_appointment"


def act() -> Act:
    return Act(
        name="branch",
        label=gettext_lazy("Other branch"),
        icon="alt_route",
        explain=gettext_lazy(
            "The call was for another branch. It goes there, with what it still asks for and its open follow-ups."
        ),
        done=gettext_lazy("given to the other branch"),
        permissions=(PERMISSION,),
        pick=gettext_lazy("To which branch?"),
        picks=lambda call, user: [(str(branch.pk), branch.name) for branch in placing.other_branches(call)],
        run_picked=_place,
        single=True,
        possible=lambda call: call.erased_at is None and call.has_elsewhere,
        follows=_follows,
    )


def _place(call: Call, user: Any, note: str, picked: str) -> bool:
    branch = placing.other_branches(call).filter(pk=int(picked)).first()
    return branch is not None and placing.place(call, branch)


def _follows(call: Call) -> list[str]:
    """What goes along, what stays, and what nobody does by itself."""
    count = placing.open_follow_ups(call).count()
    told = ngettext("%(count)s open follow-up goes along.", "%(count)s open follow-ups go along.", count)
    return [
        *([told % {"count": count}] if count else []),
        *(_stays(str(row.branch), row.starts_at) for row in placing.appointments_ahead(call)),
        _("Nobody is mailed: the branch finds it in its lists."),
        _("Later calls by the same number still come in where they did. To change that, open the number."),
    ]


def _stays(branch: str, starts_at: datetime) -> str:
    told = _("The appointment on %(when)s stays at %(branch)s. Cancel it, and have the right branch book another one.")
    return told % {"when": display.local(starts_at, "WEEKDAY_TIME_FORMAT"), "branch": branch}
