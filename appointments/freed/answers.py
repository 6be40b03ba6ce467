"""What a customer answers to an offer."""

from typing import Final

from django.db import transaction
from django.utils import timezone

from appointments.freed.matching import Candidate
from appointments.freed.wishes import request_for
from appointments.models import FollowUp, FreedTime, Offer, Question
from askpro.by_name import job
from askpro.queues import chain

Answer, State = Question.Answer, Offer.State
# The chain of every request without a call.
STEPS: Final = ("create_appointment_from_request", "count_request")


def answer(question: Question, said: Question.Answer) -> bool:
    """Note a yes or a no to an offer, in the caller's transaction; False if it came too late.

    A yes books the freed time like every other request, with its own job: Cal.com may still say that it is taken. Who
    answers too late goes on waiting, and is told so by the caller; who says yes twice has said it once.
    """
    rows = Offer.objects.filter(question=question)
    known = rows.values_list("pk", "freed_time_id").first()
    if known is None:
        return False
    with transaction.atomic():
        freed = FreedTime.hold(known[1])
        # Staff who book another time of the same follow-up hold it, too: one wish is booked once.
        FollowUp.objects.select_for_update(no_key=True).filter(offers__in=rows).values_list("pk").first()
        related = ("follow_up__booking_request__staff", "follow_up__booking", "waiting_entry__staff")
        offer = rows.select_related("customer__company", *related).get()
        assert freed is not None  # by the offer's foreign key
        if said == Answer.YES:
            return _accept(freed, offer, question)
        return _decline(freed, offer, question, said)


def _accept(freed: FreedTime, offer: Offer, question: Question) -> bool:
    candidate = Candidate.of(offer)
    if offer.state in (State.ACCEPTED, State.BOOKED):
        return True
    if not offer.still_waits or offer.state != State.OPEN or not question.take(Answer.YES):
        return False
    request = request_for(candidate, freed)
    request.save(force_insert=True)
    offer.accept(request)
    freed.accept()
    chain([job(step).message(request_id=request.pk, company_id=request.company_id) for step in STEPS]).send()
    return True


def _decline(freed: FreedTime, offer: Offer, question: Question, said: Question.Answer) -> bool:
    if offer.state != State.OPEN or not question.take(said):
        return False
    offer.decline()
    freed.wait_until(timezone.now())
    job("offer_freed_time").send(freed_time_id=freed.pk, company_id=freed.company_id)
    return True
