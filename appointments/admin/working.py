"""What staff do with a follow-up: take it, give it to somebody, try again later, book one of its times, resolve it."""

from datetime import datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from appointments.admin import changing, free_times
from appointments.admin.calendar.period import YEARS
from appointments.admin.naming import reader
from appointments.booking import pressed
from appointments.booking.pressed import Effect, Pressed
from appointments.freed import waiting_list
from appointments.models import Attempt, FollowUp
from askpro.console import display
from askpro.console.acts import Act
from askpro.console.scope import Scope

NOBODY: Final = "nobody"
# So far ahead somebody may be tried again.
LONGEST_PAUSE: Final = timedelta(days=30)
SAYS: Final[dict[Effect, tuple[int, Any]]] = {
    Effect.BOOKED: (messages.SUCCESS, _("Booked for %(when)s. The customer is told as after every booking.")),
    Effect.MOVED: (messages.SUCCESS, _("Moved to %(when)s. The customer is told as after every change.")),
    Effect.REQUESTED: (
        messages.WARNING,
        _("Asked for %(when)s: it is not confirmed until the host says yes. The follow-up stays open until then."),
    ),
    Effect.PENDING: (
        messages.WARNING,
        _("Cal.com has not answered yet. %(when)s goes on being tried, and this page shows how that ends."),
    ),
    Effect.BUSY: (messages.WARNING, _("Nothing was done: another of these times is still being booked.")),
    Effect.NOT_OFFERED: (messages.WARNING, _("Nothing was done: this time is not free any more.")),
}


def acts() -> tuple[Act, ...]:
    return (
        Act(
            name="take",
            label=_("Take it"),
            icon="back_hand",
            explain=_("It becomes yours: others see that you look after it, and the first warning goes to you."),
            done=_("taken"),
            possible=_is_open,
            run=lambda follow_up, user, note: follow_up.assign(user, user),
        ),
        Act(
            name="assign",
            label=_("Assign"),
            icon="person_add",
            explain=_("A colleague looks after it, or nobody yet."),
            done=_("assigned"),
            pick=_("To whom?"),
            picks=lambda follow_up, user: [(NOBODY, _("Nobody")), *_candidates(follow_up, user)],
            run_picked=_assign,
            single=True,
            possible=_is_open,
        ),
        Act(
            name="try_again",
            label=_("Not reached"),
            icon="phone_missed",
            explain=_("You called and reached nobody. The deadlines start again at the time that you name."),
            done=_("to be tried again"),
            note=_("What happened?"),
            when=_("Try again when, by the branch's clocks?"),
            zone=zone_of,
            run_at=_try_again,
            possible=_is_open,
        ),
        Act(
            name="resolve",
            label=_("Resolve"),
            icon="task_alt",
            explain=_(
                "You have dealt with it: called back, booked by hand, or found that nothing is to be done."
                " A request that is still open is closed with it, so that no job books it any more."
            ),
            done=_("resolved"),
            pick=_("What came of it?"),
            picks=lambda follow_up, user: list(FollowUp.Outcome.choices),
            note=_("What was done?"),
            note_required=True,
            possible=_is_open,
            run_picked=lambda follow_up, user, note, picked: follow_up.resolve(user, note, FollowUp.Outcome(picked)),
        ),
        Act(
            name="wait",
            label=_("Put on the waiting list"),
            icon="hourglass_top",
            explain=_(
                "Freed times are offered to the customer: of this service, from the wished day on for two weeks."
                " The follow-up stays open; it is settled when one is booked. Days and times can be changed on the"
                " list."
            ),
            done=_("put on the waiting list"),
            note=_("What should colleagues know?"),
            possible=waiting_list.may_enter,
            run=waiting_list.enter,
        ),
    )


def press(request: HttpRequest, follow_up: FollowUp, said: str) -> Pressed:
    """Book the time that was pressed, and say what became of it: one of its own, or one that is free now."""
    time = _read(said)
    done = Pressed(Effect.NOT_OFFERED)
    if time is not None:
        done = pressed.press(follow_up, time, request.user, reader())
    if done.effect == Effect.NOT_DONE:
        messages.error(request, " ".join(filter(None, (gettext("Not booked."), done.why, _more(done)))))
    else:
        level, sentence = SAYS[done.effect]
        messages.add_message(request, level, str(sentence) % {"when": when(follow_up, time) if time else ""})
    return done


def free_times_of(request: HttpRequest, follow_up: FollowUp) -> dict[str, Any]:
    """The times that are free now for what its caller wants, from the wished day on."""
    wanted = pressed.wanted(follow_up)
    first = follow_up.booking_request.starts_at if follow_up.booking_request else None
    from_day = timezone.localtime(first, zone_of(follow_up)).date().isoformat() if first else ""
    return {
        "lead": gettext("One press books, at Cal.com and here."),
        "follows": follows(follow_up) if wanted is not None else [],
        **free_times.times(request, wanted, first=from_day),
    }


def follows(follow_up: FollowUp) -> list[str]:
    """What booking a time from here means, in sentences."""
    moved = follow_up.appointment if pressed.moves(follow_up) else None
    sentences = (
        [gettext("The appointment is moved to the time that you press."), *changing.told(moved)]
        if moved is not None
        else [gettext("The time that you press is booked as the caller wished; the customer is told by SMS or mail.")]
    )
    return [*sentences, gettext("The follow-up is settled then. If the time is taken, it stays open and says so.")]


def zone_of(follow_up: FollowUp) -> tzinfo:
    return follow_up.branch.zone if follow_up.branch else ZoneInfo(follow_up.company.timezone)


def when(follow_up: FollowUp, time: datetime) -> str:
    """A time by the clocks where it is."""
    with timezone.override(zone_of(follow_up)):
        return display.local(time, "WEEKDAY_TIME_FORMAT")


def _read(said: str) -> datetime | None:
    """The time that a button names."""
    try:
        time = datetime.fromisoformat(said)
    except ValueError:
        return None
    return time if time.tzinfo is not None and time.year in YEARS else None


def _more(done: Pressed) -> str:
    return gettext("Other free times are below.") if done.times else ""


def _is_open(follow_up: FollowUp) -> bool:
    return follow_up.status == FollowUp.Status.OPEN


def _candidates(follow_up: FollowUp, user: Any) -> list[tuple[str, str]]:
    """Who may look after it: those bound to its company; an operator may choose operators, too."""
    bound = Q(access__companies=follow_up.company_id)
    if Scope.of(user).is_whole:
        bound |= Q(access__is_operator=True) | Q(is_superuser=True)
    rows = User.objects.filter(bound, is_active=True, is_staff=True).distinct().order_by("username")
    return [(str(each.pk), each.get_full_name() or each.get_username()) for each in rows]


def _assign(follow_up: FollowUp, user: Any, note: str, picked: str) -> bool:
    return follow_up.assign(None if picked == NOBODY else User.objects.get(pk=int(picked)), user)


def _try_again(follow_up: FollowUp, user: Any, note: str, at: datetime) -> bool:
    now = timezone.now()
    if not now < at <= now + LONGEST_PAUSE or not follow_up.try_again(at):
        return False
    Attempt.objects.create(follow_up=follow_up, user=user, again_at=at, note=note)
    return True
