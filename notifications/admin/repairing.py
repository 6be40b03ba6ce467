"""Messages as something to repair: those that failed are sent again where they are still true."""

from functools import reduce
from operator import or_
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from appointments.models import FollowUp
from askpro.console import display
from askpro.console.repair.counting import names_of
from askpro.console.repair.kinds import Already, Asked, Facet, Outcome, Repairable, Verb, register
from askpro.console.repair.settled import Settled
from askpro.console.repair.settled import register as tell_settled
from calls.models import Company
from notifications import sending
from notifications.admin.notification import recipient_of
from notifications.models import Notification
from notifications.relevance import EXPECTED_STATUS
from notifications.why import Why

Kind = Notification.Kind
Status = Notification.Status
ARRIVED: Final = (Status.SENT, Status.DELIVERED)


def _not_true(asked: Asked) -> Q:
    """Its appointment is not as it says, or was changed since: `relevance`, as a condition on rows."""
    wrong = [Q(kind=kind) & ~Q(appointment__status=status) for kind, status in EXPECTED_STATUS.items()]
    changed = Q(appointment__version__gt=F("version"))
    return Q(appointment__isnull=False) & (changed | reduce(or_, wrong))


def _begun(asked: Asked) -> Q:
    return Q(appointment__starts_at__lte=timezone.now()) & ~Q(kind=Kind.STAFF)


def _settled(asked: Asked) -> Q:
    late = Q(kind=Kind.CALLBACK, follow_up__due_at__lte=timezone.now())
    return Q(follow_up__isnull=False) & (~Q(follow_up__status=FollowUp.Status.OPEN) | late)


def _told_otherwise(asked: Asked) -> Q:
    """The customer was told the same by another message: by mail, say, where the SMS failed."""
    same = {name: OuterRef(name) for name in ("appointment", "kind")}
    others = Notification.objects.filter(**same, version__gte=OuterRef("version"), status__in=ARRIVED)
    return Q(appointment__isnull=False) & ~Q(kind__in=Notification.TO_STAFF) & Q(Exists(others))


def _outcome(key: str) -> Outcome:
    message = Notification.objects.filter(pk=key).only("status").first()
    if message is None:
        return Outcome(is_over=True, why="gone")
    return Outcome(is_over=message.is_over, is_well=message.status in ARRIVED, why=message.status)


SEND_AGAIN: Final = Verb(
    name="send-again",
    label=_("Send again"),
    icon="forward_to_inbox",
    explain=_("Each is sent once more, if it may be: quiet hours, opt-outs and the cap of a day hold as always."),
    done="sent again",
    permission="notifications.change_notification",
    possible=Q(status=Status.FAILED, offer=None),
    run=lambda message, asked: sending.send_again(message),
    otherwise=_("It has not failed, or is an offer, which is made once."),
    already=(
        Already("sent", _("It was sent."), lambda asked: Q(status__in=ARRIVED)),
        Already("waits", _("It waits to be sent already."), lambda asked: Q(status__in=Notification.UNSENT)),
        Already("on_purpose", _("It was left unsent on purpose."), lambda asked: Q(status=Status.SKIPPED)),
        Already("told", _("The same was told by another message."), _told_otherwise),
        Already("not_true", _("Its appointment was changed or cancelled since."), _not_true),
        Already("begun", _("Its appointment has begun."), _begun),
        Already("settled", _("What it asks to call back for is settled, or overdue."), _settled),
    ),
    outcome=_outcome,
)


class MessageKind(Repairable):
    """Messages to customers and staff."""

    name = "messages"
    title = _("Messages")
    noun = _("messages")
    permission = "notifications.view_notification"
    model = Notification
    moment = "created_at"
    moment_label = _("Written")
    facets = (
        Facet("state", _("State"), "status", lambda values: dict(Status.choices)),
        Facet("reason", _("Reason"), "reason", lambda values: {each: _reason(each) for each in values}),
        Facet("channel", _("Channel"), "channel", lambda values: dict(Notification.Channel.choices)),
        Facet("what", _("Kind"), "kind", lambda values: dict(Kind.choices)),
        Facet("company", _("Company"), "company_id", names_of(Company), is_number=True),
        Facet("code", _("Provider's code"), "error_code"),
    )
    texts = ()
    verbs = (SEND_AGAIN,)
    heads = (_("Message"), _("State"), pgettext_lazy("recipient", "To"), _("Company"), _("Reason"), _("Written"))
    empty = _("No message matches.")

    def rows(self) -> QuerySet[Notification]:
        return Notification.objects.select_related("company").defer("text", "company__calcom_api_key")

    def cells(self, message: Notification) -> list[Any]:
        return [
            self.named(message),
            display.state(message),
            recipient_of(message),
            message.company,
            display.shorten(message.why(get_language() or ""), 60),
            display.brief(message.created_at),
        ]

    def named(self, message: Notification) -> Any:
        return display.link(message)


def _reason(code: str) -> Any:
    """The beginning of what a code says: its facts are those of one message."""
    return Why(code).label if code in Why.values else code


register(MessageKind())
tell_settled(
    Settled(
        code="message_ended",
        sentence=_("Its message was sent since, or is not to be sent."),
        argument="notification_id",
        model=Notification,
        condition=lambda: ~Q(status__in=Notification.UNSENT),
        actors=(*sending.JOBS.values(), sending.REPORTS),
    )
)
