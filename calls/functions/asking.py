"""Questions back to the caller where something is not clear: nothing is guessed."""

from typing import Final

from calls.functions.conversation import Answer, Conversation
from calls.functions.wording import GERMAN
from calls.models import About, BookingRequest, Service, Staff, Unclear
from calls.requests.branches import branches_served

# More names than a caller keeps in mind are in the data only.
MOST_NAMES: Final = 5


def by_when(conversation: Conversation, request: BookingRequest) -> Answer:
    """The question that the first unclear thing of this request leads to."""
    about = Unclear.of(request.unclear).about
    if about is About.BRANCH:
        return conversation.ask("which_branch", [branch.name for branch in branches_served(conversation.call)])
    if about is About.SERVICE:
        return about_service(conversation, request)
    if about is About.STAFF:
        return about_staff(conversation, request)
    return about_time(conversation, request.unclear)


def about_service(conversation: Conversation, request: BookingRequest) -> Answer:
    names = [service.name for service in Service.offered_at(request.where)]
    known = not request.service_words or request.unclear == Unclear.AMBIGUOUS_SERVICE
    if not names:
        return conversation.ask("unreadable")
    return conversation.ask("which_service" if known else "unknown_service", names[:MOST_NAMES])


def about_staff(conversation: Conversation, request: BookingRequest) -> Answer:
    names = [person.name for person in Staff.offering(request.service, request.where)]
    known = request.unclear == Unclear.AMBIGUOUS_STAFF
    if not names:
        return conversation.ask("unreadable")
    return conversation.ask("which_staff" if known else "unknown_staff", names[:MOST_NAMES])


def about_time(conversation: Conversation, reason: str) -> Answer:
    return conversation.ask(reason if reason in GERMAN else "unreadable")
