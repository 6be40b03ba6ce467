"""What customers answer by SMS. STOP is an opt-out and nothing else; a person reads all other answers."""

import re
from typing import Any, Final

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from appointments.models import Detail, FollowUp
from calls import strangers
from calls.models import Company, Customer, PhoneNumber
from calls.models.company import CALL_BACK_WITHIN
from calls.text import fold
from notifications import opt_outs, recipients, staff
from notifications.models import Notification
from notifications.twilio.event import Reply
from webhooks.models import WebhookEvent

STOP_WORDS: Final = frozenset(
    # Twilio's own words and what people write here, but not CANCEL: to a salon it means the appointment.
    {"stop", "stopall", "unsubscribe", "end", "quit", "revoke", "optout"}
    | {"stopp", "stop sms", "sms stop", "stopp sms", "sms stopp", "opt out", "abmelden", "abbestellen"}
    | {"keine sms", "keine sms mehr", "keine nachrichten", "keine nachrichten mehr", "no sms", "no more sms"}
)
POLITE_WORDS: Final = frozenset({"bitte", "danke", "vielen", "dank", "please", "thanks"})
START_WORDS: Final = frozenset({"start", "unstop"})
CANCEL_WORDS: Final = frozenset({"absage", "absagen", "termin absagen", "stornieren", "storno", "cancel"})


def receive(event: WebhookEvent, reply: Reply) -> None:
    """Do what the reply asks for, and close the event."""
    messages = _messages_to(reply)
    senders = _companies(reply, messages)
    companies = [company for company in senders if not event.objection(company.pk)]
    messages = [message for message in messages if message.company in companies]
    if senders and not companies:
        event.refuse(event.objection(senders[0].pk))
    elif _is_stop(reply) and (answered := _answered(event, reply, senders, companies)):
        opt_outs.opt_out(reply.sender, answered)
        event.mark_processed(_only(companies), "Opted out of SMS.")
    elif not companies:
        event.mark_unassigned("No company sends from this number.")
    elif _is_start(reply):
        opt_outs.opt_in(reply.sender, _answered(event, reply, senders, companies))
        event.mark_processed(_only(companies), "Opted in again.")
    elif not reply.body or reply.opt_out_type == "HELP":
        event.mark_ignored("Nothing to read.", _only(companies))
    else:
        _hand_to_person(event, reply, companies, messages[0] if messages else None)


def _is_stop(reply: Reply) -> bool:
    return reply.opt_out_type == "STOP" or _word(reply) in STOP_WORDS


def _is_start(reply: Reply) -> bool:
    return reply.opt_out_type == "START" or _word(reply) in START_WORDS


def _word(reply: Reply) -> str:
    """The text as a keyword: `Stopp!`, `STOP` and `stop, bitte` are one."""
    words = fold(re.sub(r"[^\w ]", " ", reply.body)).split()
    return " ".join(word for word in words if word not in POLITE_WORDS)


def _messages_to(reply: Reply) -> list[Notification]:
    """The messages that this number got from the number it answers to, the newest first."""
    sent = Notification.objects.filter(
        channel=Notification.Channel.SMS,
        recipient=reply.sender,
        sender__in=_senders(reply),
        sending_at__isnull=False,
    )
    return list(sent.select_related("company", "customer", "appointment__branch").order_by("-id")[:20])


def _companies(reply: Reply, messages: list[Notification]) -> list[Company]:
    """The companies whose sender was answered. Several may share one: an opt-out then counts for all who used it."""
    numbers = PhoneNumber.objects.filter(number=reply.to).values("company_id")
    own = Company.objects.filter(Q(sms_sender__in=_senders(reply)) | Q(pk__in=numbers))
    found = {company.pk: company for company in [*(message.company for message in messages), *own]}
    return list(found.values())


def _senders(reply: Reply) -> list[str]:
    return [sender for sender in (reply.to, reply.service) if sender]


def _answered(event: WebhookEvent, reply: Reply, senders: list[Company], companies: list[Company]) -> set[str]:
    """The senders that a STOP or START is about: the one that was answered, and those that its companies use today.

    A reply to a company's own address concerns that company's senders only; one to the shared address never concerns
    the senders of a company with its own address.
    """
    said, own = set(_senders(reply)), _used_by(companies, reply)
    said &= own if event.address_id else said - (_used_by(senders, reply) - own)
    answered = said | {opt_outs.sender_of(company) for company in companies}
    # The installation's sender belongs to no company.
    return answered - {settings.TWILIO_MESSAGING_SERVICE_SID} if event.address_id else answered


def _used_by(companies: list[Company], reply: Reply) -> set[str]:
    """The senders that these companies use, or used for messages to this number."""
    numbers = PhoneNumber.objects.filter(company__in=companies, number=reply.to).values_list("number", flat=True)
    sent = Notification.objects.filter(company__in=companies, recipient=reply.sender, sender__in=_senders(reply))
    return {*numbers, *sent.values_list("sender", flat=True), *(company.sms_sender for company in companies)}


def _hand_to_person(event: WebhookEvent, reply: Reply, companies: list[Company], last: Notification | None) -> None:
    company = last.company if last is not None else _only(companies)
    if company is None:
        event.mark_unassigned("Several companies send from this number, and none wrote to the sender.")
        return
    follow_up = _open_follow_up(event, reply, company, last)
    staff.tell(follow_up)
    event.mark_processed(company, "A person reads it.")


def _open_follow_up(event: WebhookEvent, reply: Reply, company: Company, last: Notification | None) -> FollowUp:
    """The follow-up for this reply; the same one when the event is replayed."""
    customer = recipients.holders(reply.sender).filter(company=company).order_by("id").first()
    customer = customer or (last.customer if last is not None else None)
    appointment = last.appointment if last is not None else None
    branch = appointment.branch if appointment is not None else None
    follow_up, _ = FollowUp.objects.get_or_create(
        company=company,
        customer=customer,
        reason=FollowUp.Reason.CALLBACK,
        words=reply.body,
        created_at__gte=event.received_at,
        defaults={
            "appointment": appointment,
            "branch": branch,
            "call": appointment.call if appointment else None,
            **_detail(reply, customer),
            "due_at": branch.call_back_by(timezone.now()) if branch else timezone.now() + CALL_BACK_WITHIN,
        },
    )
    return follow_up


def _detail(reply: Reply, customer: Customer | None) -> dict[str, Any]:
    cancels = _word(reply) in CANCEL_WORDS
    if customer is not None:
        return {"detail": Detail.WANTS_TO_CANCEL if cancels else Detail.ANSWERED}
    # Without the number it would be impossible to call back.
    detail = Detail.WANTS_TO_CANCEL_FROM if cancels else Detail.ANSWERED_FROM
    return {"detail": detail, "detail_facts": detail.checked({"number": strangers.unlinked(reply.sender)})}


def _only(companies: list[Company]) -> Company | None:
    return companies[0] if len(companies) == 1 else None
