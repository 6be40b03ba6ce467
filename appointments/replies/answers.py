"""Works on an answer. STOP is an opt-out and nothing else; a plain wish is carried out; a person reads all the rest."""

from typing import Any, Final

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from appointments import follow_ups
from appointments.models import Change, Detail, FollowUp, Question
from appointments.replies import changes, coming, offered, questions, words  # noqa: F401 - `offered` registers itself
from appointments.replies.questions import Heard, Outcome
from calls import strangers
from calls.models import Company, Customer, PhoneNumber
from calls.models.company import CALL_BACK_WITHIN
from notifications import callers, opt_outs, recipients, staff
from notifications.models import Notification
from notifications.twilio.event import Reply
from webhooks.models import WebhookEvent

# What a person is told of a wish: of a known customer, and of a number alone.
DETAILS: Final = {
    Change.Kind.CANCEL: (Detail.WANTS_TO_CANCEL, Detail.WANTS_TO_CANCEL_FROM),
    Change.Kind.MOVE: (Detail.WANTS_TO_MOVE, Detail.WANTS_TO_MOVE_FROM),
    None: (Detail.ANSWERED, Detail.ANSWERED_FROM),
}


def receive(event: WebhookEvent, reply: Reply) -> None:
    """Do what the reply asks for, and close the event."""
    messages = _messages_to(reply)
    senders = _companies(reply, messages)
    companies = [company for company in senders if not event.objection(company.pk)]
    messages = [message for message in messages if message.company in companies]
    if senders and not companies:
        event.refuse(event.objection(senders[0].pk))
    elif words.is_stop(reply) and (answered := _answered(event, reply, senders, companies)):
        opt_outs.opt_out(reply.sender, answered)
        event.mark_processed(_only(companies), "Opted out of SMS.")
    elif not companies:
        event.mark_unassigned("No company sends from this number.")
    elif words.is_start(reply):
        opt_outs.opt_in(reply.sender, _answered(event, reply, senders, companies))
        # YES is one of Twilio's words for opting in, and an answer.
        if _question(reply, companies) is not None:
            _read(event, reply, companies, messages)
        else:
            event.mark_processed(_only(companies), "Opted in again.")
    elif not reply.body or reply.opt_out_type == "HELP":
        event.mark_ignored("Nothing to read.", _only(companies))
    else:
        _read(event, reply, companies, messages)


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


def _read(event: WebhookEvent, reply: Reply, companies: list[Company], messages: list[Notification]) -> None:
    done, company = _answer_or_change(event, reply, companies, messages)
    if isinstance(done, Change):
        company = done.company
    if done is None or (isinstance(done, Change) and done.state == Change.State.REFUSED):
        _hand_to_person(event, reply, companies, messages[0] if messages else None, done)
    else:
        event.mark_processed(company, done if isinstance(done, str) else "A job carries it out.")


def _answer_or_change(
    event: WebhookEvent, reply: Reply, companies: list[Company], messages: list[Notification]
) -> tuple[Outcome, Company | None]:
    """What the answer did, and whose it was: an answer to a question before a wish of its own."""
    question, answer = _question(reply, companies), words.answer_in(reply)
    if question is not None and answer is not None:
        return questions.hear(Heard(question, answer, reply.body)), question.company
    wish = words.wish_in(reply)
    if wish is None:
        return None, None
    change = changes.change(wish, reply.body, messages, event.received_at)
    if change is not None or wish.kind != Change.Kind.CANCEL:
        return change, None
    return coming.ask_about_newest(reply.sender, _senders(reply), companies, reply.body)


def _question(reply: Reply, companies: list[Company]) -> Question | None:
    return questions.meant(reply.sender, _senders(reply), companies, words.answer_in(reply))


def _hand_to_person(
    event: WebhookEvent,
    reply: Reply,
    companies: list[Company],
    last: Notification | None,
    refused: Outcome,
) -> None:
    if isinstance(refused, Change):
        follow_ups.open_for_change(refused, Detail(refused.detail))
        event.mark_processed(refused.company, "A person decides.")
        return
    company = last.company if last is not None else _only(companies)
    if company is None:
        event.mark_unassigned("Several companies send from this number, and none wrote to the sender.")
        return
    follow_up = _open_follow_up(event, reply, company, last)
    staff.tell(follow_up)
    if words.wish_in(reply) is not None and last is not None:
        callers.tell(follow_up, last.appointment)
    event.mark_processed(company, "A person reads it.")


def _open_follow_up(event: WebhookEvent, reply: Reply, company: Company, last: Notification | None) -> FollowUp:
    """The follow-up for this reply; the same one when the event is replayed."""
    customer = recipients.holders(reply.sender).filter(company=company).order_by("id").first()
    customer = customer or (last.customer if last is not None else None)
    appointment = last.appointment if last is not None else None
    branch = appointment.branch if appointment is not None else None
    same = {"company": company, "customer": customer, "reason": FollowUp.Reason.CALLBACK}
    # What was said is encrypted, so that PostgreSQL cannot compare it.
    since = FollowUp.objects.filter(**same, created_at__gte=event.received_at)
    known = next((follow_up for follow_up in since if follow_up.words == reply.body), None)
    return known or FollowUp.objects.create(
        **same,
        words=reply.body,
        appointment=appointment,
        branch=branch,
        call=appointment.call if appointment else None,
        **_detail(reply, customer),
        due_at=branch.call_back_by(timezone.now()) if branch else timezone.now() + CALL_BACK_WITHIN,
    )


def _detail(reply: Reply, customer: Customer | None) -> dict[str, Any]:
    wish = words.wish_in(reply)
    detail, with_number = DETAILS[wish.kind if wish is not None else None]
    if customer is not None:
        return {"detail": detail}
    # Without the number it would be impossible to call back.
    detail = with_number
    return {"detail": detail, "detail_facts": detail.checked({"number": strangers.unlinked(reply.sender)})}


def _only(companies: list[Company]) -> Company | None:
    return companies[0] if len(companies) == 1 else None
