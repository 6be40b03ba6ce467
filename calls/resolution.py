"""Whose a dialled number is, why, and what would become of a call to it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q

from calls import phone
from calls.models import Company, Customer, PhoneNumber, Service, countries
from calls.tenancy import number_named

Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Resolution:
    """What is known of a number. `found` is the active one that a call to it counts for; None if no company has it."""

    written: str
    readings: tuple[str, ...]
    found: PhoneNumber | None

    @classmethod
    def of(cls, written: str) -> "Resolution":
        """Resolve a number as people or vendors write it, as a call's would be."""
        read = {phone.normalise(written, country) for country in (None, *countries())} - {None}
        return cls(written, tuple(sorted(each for each in read if each)), number_named(written))

    def told(self) -> Iterator[Line]:
        """All that is known, line by line: what, and how it is."""
        yield "read as", ", ".join(self.readings) or "no phone number"
        yield from self._of_number() if self.found is not None else self._of_nobody()
        yield from self._customers()

    def _of_number(self) -> Iterator[Line]:
        number = self.found
        assert number is not None  # by `told`
        company = number.company
        yield "company", f"{company.slug} ({company.name}), because the active number {number.number} is entered there"
        yield "branch", self._branch(number)
        agent = number.retell_agent_id
        yield "agent", f"{agent} at Retell" if agent else "none is entered: only the number tells whose a call is"
        yield "a call", " ".join(self._consequences(number))

    def _branch(self, number: PhoneNumber) -> str:
        names = [branch.name for branch in number.branches]
        return names[0] if len(names) == 1 else f"the caller is asked: {', '.join(names)}"

    def _consequences(self, number: PhoneNumber) -> Iterator[str]:
        company = number.company
        services = [each for branch in number.branches for each in Service.offered_at(branch)]
        bookable = {each.pk for each in services if each.calcom_event_type_id and not each.hindrances}
        if not company.books_appointments:
            yield "is recorded, and nothing is booked: the company's switch is off."
        elif bookable:
            yield f"can book {len(bookable)} of {len({each.pk for each in services})} services."
        else:
            yield "ends with a follow-up: no service here can be booked by phone."
        if not (company.calcom_api_key or settings.CALCOM_API_KEY):
            yield "No key of Cal.com is entered, so nothing can be booked."
        sender = company.sms_sender or settings.TWILIO_MESSAGING_SERVICE_SID
        yield f"Its SMS come from {sender}." if company.sms_enabled and sender else "It sends no SMS."

    def _of_nobody(self) -> Iterator[Line]:
        yield "company", "none: no active number of an active company is written like this"
        for number in PhoneNumber.objects.filter(number__in=self.readings).select_related("company"):
            why = "the number" if not number.is_active else "the company"
            yield "but", f"{number.company.slug} has it, and {why} is not active"
        yield "a call", "is kept as unassigned, unless its agent answers for one company; it is worked on once the "
        yield "", "number is entered"

    def _customers(self) -> Iterator[Line]:
        same = Q(phone__in=self.readings) | Q(contact_phone__in=self.readings)
        for company in Company.objects.filter(customers__in=Customer.objects.filter(same)).distinct().order_by("slug"):
            ids = Customer.objects.filter(same, company=company).order_by("pk").values_list("pk", flat=True)
            yield "as a caller", f"customer {', '.join(map(str, ids))} of {company.slug}"
