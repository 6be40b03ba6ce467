"""The page of an offer: whoever cannot answer the SMS, because its sender is a name, takes the freed time here."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from appointments.freed import answers
from appointments.models import Appointment, Offer, Question
from appointments.page import facts
from appointments.page.view import Page, Redirect
from appointments.page.wording import Words
from notifications import links
from notifications.text import dates

State = Offer.State


class OfferPage(Page):
    """A page about one offer, as it stands now; it ends when the freed time begins."""

    kind = links.Kind.OFFER
    offer: Offer

    def find(self, pk: int) -> Offer | None:
        related = ("customer", "follow_up", "waiting_entry", "question", "booking_request__appointment")
        times = ("freed_time__company", "freed_time__branch__company", "freed_time__service")
        rows = Offer.objects.select_related(*related, *times)
        asked = rows.exclude(question=None).exclude(customer=None)
        return asked.filter(pk=pk, company__is_active=True, freed_time__starts_at__gt=timezone.now()).first()

    def language_of(self, about: Offer) -> str:
        return (about.customer or about.company).language

    def open(self, about: Offer) -> None:
        self.offer = about

    def home(self) -> HttpResponse:
        return Redirect(self.url("offer"))

    def overview(self, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
        """The time and what can be said to it; once it is booked, the appointment's own page."""
        if (booked := _appointment_of(self.offer)) is not None:
            return Redirect(urlsplit(links.link_for(booked)).path)
        headline, lead = self._told()
        return self.page(
            "page/offer.html",
            status,
            company=self.offer.freed_time.company.name,
            headline=headline,
            lead=lead,
            facts=list(facts.of(_as_appointment(self.offer), self.language)),
            phone=facts.phone(self.offer.freed_time.branch),
            can_answer=self.offer.can_be_answered,
            is_being_booked=self.offer.state == State.ACCEPTED,
            urls={name: self.url(name) for name in ("offer", "accept", "decline")},
            seals={name: self.seal(name, *self._shown) for name in ("accept", "decline")},
        )

    def answered(self, act: str, said: Question.Answer) -> HttpResponse:
        """Do what the form says, if its page was still true; else say how it stands."""
        if not self.is_sealed(act, *self._shown) or self.offer.question is None:
            return self.overview(HTTPStatus.CONFLICT)
        answers.answer(self.offer.question, said)
        return self.home()

    @property
    def _shown(self) -> tuple[object, ...]:
        return (self.offer.state, self.offer.freed_time.starts_at)

    def _told(self) -> tuple[Words, str]:
        offer = self.offer
        if offer.can_be_answered and offer.ends_at is not None:
            until = dates.moment(offer.ends_at.astimezone(offer.freed_time.zone), self.language)
            return Words.FREED, Words.FREED_LEAD.tell({"until": until})
        if offer.state == State.ACCEPTED:
            return Words.BEING_BOOKED, Words.BEING_BOOKED_LEAD.tell()
        if offer.state == State.HANDED_OVER:
            return Words.CALLED_BACK, Words.CALLED_BACK_LEAD.tell()
        if offer.state == State.DECLINED:
            return Words.DECLINED, Words.WAITS_ON.tell() if offer.still_waits else ""
        return Words.OFFER_OVER, Words.WAITS_ON.tell() if offer.still_waits else ""


class Overview(OfferPage):
    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.overview()


class Accept(OfferPage):
    """Ja, diesen Termin buchen."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.home()

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.answered("accept", Question.Answer.YES)


class Decline(OfferPage):
    """Nein, danke: the next one is asked."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.home()

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.answered("decline", Question.Answer.NO)


def _appointment_of(offer: Offer) -> Appointment | None:
    request = offer.booking_request
    booked = getattr(request, "appointment", None) if request is not None else None
    return booked if booked is not None and booked.calcom_uid is not None else None


def _as_appointment(offer: Offer) -> Appointment:
    """What would be booked; never saved."""
    freed = offer.freed_time
    return Appointment(
        company=freed.company,
        branch=freed.branch,
        service=freed.service,
        staff=freed.certain_staff,
        starts_at=freed.starts_at,
        ends_at=freed.ends_at,
    )
