"""What staff do with a follow-up: take it, give it to somebody, try again later, book one of its times, resolve it."""

from datetime import datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

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
SAYS: Final[dict[Effect, tuple[int, str]]] = {
    Effect.BOOKED: (messages.SUCCESS, "Booked for {when}. The customer is told as after every booking."),
    Effect.MOVED: (messages.SUCCESS, "Moved to {when}. The customer is told as after every change."),
    Effect.REQUESTED: (
        messages.WARNING,
        "Requested for {when}: it is not confirmed until the host says yes. The follow-up stays open until then.",
    ),
    Effect.PENDING: (
        messages.WARNING,
        "Cal.com has not answered yet. It is still being tried for {when}, and this page shows how that ends.",
    ),
    Effect.BUSY: (messages.WARNING, "Nothing was done: another of these times is still being booked."),
    Effect.NOT_OFFERED: (messages.WARNING, "Nothing was done: this time is not offered here any more."),
}
MORE_TIMES: Final = "Other free times are below."


def acts() -> tuple[Act, ...]:
    return (
        Act(
            name="take",
            label="Take it",
            icon="back_hand",
            explain="It becomes yours: others see that you look after it, and the first warning goes to you.",
            done="taken",
            possible=_is_open,
            run=lambda follow_up, user, note: follow_up.assign(user, user),
        ),
        Act(
            name="assign",
            label="Assign",
            icon="person_add",
            explain="Somebody else looks after it, or nobody yet.",
            done="assigned",
            pick="To whom?",
            picks=lambda follow_up, user: [(NOBODY, "Nobody"), *_candidates(follow_up, user)],
            run_picked=_assign,
            single=True,
            possible=_is_open,
        ),
        Act(
            name="try_again",
            label="Not reached",
            icon="phone_missed",
            explain="You called and reached nobody. The deadlines begin anew at the time that you name.",
            done="to be tried again",
            note="What happened?",
            when="Try again when, by the branch's clocks?",
            zone=zone_of,
            run_at=_try_again,
            possible=_is_open,
        ),
        Act(
            name="resolve",
            label="Resolve",
            icon="task_alt",
            explain="You have dealt with it: called back, booked by hand, or found that nothing is to be done."
            " A request that is still open is closed with it, so that no job books it any more.",
            done="resolved",
            pick="What came of it?",
            picks=lambda follow_up, user: list(FollowUp.Outcome.choices),
            note="What was done?",
            note_required=True,
            possible=_is_open,
            run_picked=lambda follow_up, user, note, picked: follow_up.resolve(user, note, FollowUp.Outcome(picked)),
        ),
        Act(
            name="wait",
            label="Put on the waiting list",
            icon="hourglass_top",
            explain="Freed times are offered to the customer: of this service, from the wished day on for two weeks."
            " The follow-up stays open; it is settled when one is booked. Days and times can be changed on the list.",
            done="put on the waiting list",
            note="What should colleagues know?",
            possible=waiting_list.may_enter,
            run=waiting_list.enter,
        ),
    )


def press(request: HttpRequest, follow_up: FollowUp, said: str) -> Pressed:
    """Book the time that was pressed, and say what became of it. What was pressed must be one of its times as shown."""
    time = next((each for each in pressed.times_of(follow_up) if each.isoformat() == said), None)
    done = pressed.press(follow_up, time, request.user) if time is not None else Pressed(Effect.NOT_OFFERED)
    if done.effect == Effect.NOT_DONE:
        messages.error(request, " ".join(filter(None, ("Not booked.", done.why, MORE_TIMES if done.times else ""))))
    else:
        level, sentence = SAYS[done.effect]
        messages.add_message(request, level, sentence.format(when=when(follow_up, time) if time is not None else ""))
    return done


def zone_of(follow_up: FollowUp) -> tzinfo:
    return follow_up.branch.zone if follow_up.branch else ZoneInfo(follow_up.company.timezone)


def when(follow_up: FollowUp, time: datetime) -> str:
    """A time by the clocks where it is."""
    with timezone.override(zone_of(follow_up)):
        return display.local(time, "D j M Y, H:i")


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
