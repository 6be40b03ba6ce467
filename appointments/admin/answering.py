"""What staff say about an appointment: the host's yes or no, whether the customer came, and the confirmation again."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.admin import changing
from appointments.admin.naming import clock_time, reader
from appointments.changes import limits, request, resending
from appointments.models import Appointment, Change
from askpro.console.acts import Act
from askpro.console.live_acts import LiveAct, Outcome

Kind = Change.Kind
Said = Mapping[str, Any]


def acts() -> tuple[Act, ...]:
    return (
        LiveAct(
            name="confirm",
            label=gettext_lazy("Confirm"),
            icon="check_circle",
            explain=gettext_lazy("Say the host's yes, at Cal.com and here. The appointment stands then."),
            done=gettext_lazy("confirmed"),
            possible=lambda row: _may(row, Kind.CONFIRM),
            run=lambda row, user, note: _is_wanted(request.confirm(row, changing.by(user))),
            now=lambda row, user, said: changing.outcome(
                request.confirm(row, changing.by(user), patience=changing.PATIENCE)
            ),
            follows=_follows_yes,
        ),
        LiveAct(
            name="decline",
            label=gettext_lazy("Decline"),
            icon="block",
            explain=gettext_lazy("Say the host's no, at Cal.com and here. The appointment does not take place."),
            done=gettext_lazy("declined"),
            note=gettext_lazy("Why? Cal.com is told, and tells the customer by mail."),
            possible=lambda row: _may(row, Kind.DECLINE),
            run=lambda row, user, note: _is_wanted(request.decline(row, changing.by(user), note)),
            now=lambda row, user, said: changing.outcome(
                request.decline(row, changing.by(user), said["note"], patience=changing.PATIENCE)
            ),
            follows=_follows_no,
        ),
        LiveAct(
            name="no_show",
            label=gettext_lazy("Did not come"),
            icon="person_off",
            explain=gettext_lazy("Note that the customer did not come, at Cal.com and here."),
            done=gettext_lazy("noted that the customer did not come"),
            possible=lambda row: _may(row, Kind.NO_SHOW),
            run=lambda row, user, note: _is_wanted(request.note_no_show(row, changing.by(user))),
            now=_noted(request.note_no_show),
            follows=lambda row: [_when(row), _("It counts among the customer's no-shows. Nobody is told.")],
        ),
        LiveAct(
            name="came",
            label=gettext_lazy("Came"),
            icon="how_to_reg",
            explain=gettext_lazy("Note that the customer came, at Cal.com and here."),
            done=gettext_lazy("noted that the customer came"),
            possible=lambda row: _may(row, Kind.CAME),
            run=lambda row, user, note: _is_wanted(request.note_came(row, changing.by(user))),
            now=_noted(request.note_came),
            follows=lambda row: [_when(row), _("It no longer counts as a no-show. Nobody is told.")],
        ),
        LiveAct(
            name="resend",
            label=gettext_lazy("Send confirmation again"),
            icon="forward_to_inbox",
            explain=gettext_lazy("Send the confirmation once more, with the time and place as they are now."),
            done=gettext_lazy("confirmation sent again"),
            possible=resending.may_resend,
            now=_resend,
            single=True,
            follows=lambda row: [_when(row), *changing.told(row), _("Earlier messages that still wait are dropped.")],
        ),
    )


def _may(appointment: Appointment, kind: Change.Kind) -> bool:
    is_so = limits.holds(appointment, kind)
    return not is_so and limits.objection(appointment, kind, None, may_override=True) is None


def _is_wanted(change: Change) -> bool:
    return change.state != Change.State.REFUSED


def _noted(wish: Callable[..., Change]) -> Callable[[Any, Any, Said], Outcome]:
    def now(row: Appointment, user: Any, said: Said) -> Outcome:
        return changing.outcome(wish(row, changing.by(user), patience=changing.PATIENCE))

    return now


def _resend(appointment: Appointment, user: Any, said: Said) -> Outcome:
    sent = resending.resend(appointment)
    if not sent:
        return Outcome(_("Nothing was sent: no number and no address is known."), messages.ERROR, is_noted=False)
    on_their_way = [message for message in sent if message.status == message.Status.PENDING]
    if on_their_way:
        return Outcome(_("The confirmation is on its way. Its page shows when it has arrived."))
    why = {"why": sent[0].why(reader())}
    return Outcome(_("Nothing was sent. %(why)s") % why, messages.ERROR, is_noted=False)


def _when(appointment: Appointment) -> str:
    facts = {"when": clock_time(appointment, appointment.starts_at)}
    return (
        _("The appointment was on %(when)s.") % facts if limits.has_begun(appointment) else changing.when(appointment)
    )


def _follows_yes(appointment: Appointment) -> list[str]:
    return [changing.when(appointment), *changing.told(appointment), _("A follow-up that asks for the yes is settled.")]


def _follows_no(appointment: Appointment) -> list[str]:
    return [
        changing.when(appointment),
        _("Its time is free again. A follow-up asks somebody to call the customer, who waits for an answer."),
    ]
