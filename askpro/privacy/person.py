"""Who is meant by a number, an address or a customer's id."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from django.db.models import Q, QuerySet

from askpro.privacy.models import Wanted
from calls import phone
from calls.models import Customer, CustomerNumber, countries


@dataclass(frozen=True, slots=True)
class Sought:
    """What was typed, exactly one of the three; `companies` are those to look in, None: all."""

    number: str = ""
    email: str = ""
    customer: int | None = None
    companies: frozenset[int] | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.number or self.email or self.customer)

    def customers(self) -> QuerySet[Customer]:
        """Everybody who may be meant, with the rows that became one with theirs; several where people share a number
        or an address. Those who were erased are found no more.
        """
        rows = _in(Customer.objects.filter(erased_at=None), self.companies)
        found = rows.filter(self._condition())
        merged = Q(pk__in=found.values("pk")) | Q(merged_into__in=found.values("pk"))
        return rows.filter(merged).select_related("company").order_by("company_id", "pk")

    def _condition(self) -> Q:
        if self.customer:
            return Q(pk=self.customer)
        return _having([self.number] if self.number else [], [self.email] if self.email else [])


def read_number(written: str) -> str | None:
    """The one number that is meant, in E.164; None if it is none, or another one in each company's country."""
    readings = {phone.normalise(written, country) for country in [*countries(), phone.HOME]} - {None}
    return readings.pop() if len(readings) == 1 else None


def wanted(sought: Sought, chosen: Iterable[Customer]) -> Wanted:
    """The person that was chosen: these customers, and the numbers and addresses that nobody else here shares."""
    customers = list(chosen)
    ids = [customer.pk for customer in customers]
    numbers, emails = _numbers(customers) | {sought.number}, _emails(customers) | {sought.email.casefold()}
    others = _in(Customer.objects.filter(erased_at=None).exclude(pk__in=ids), sought.companies)
    others = others.filter(_having(numbers - {""}, emails - {""})).prefetch_related("numbers")
    return Wanted(
        customers=tuple(sorted(ids)),
        numbers=tuple(sorted(numbers - _numbers(others) - {""})),
        emails=tuple(sorted(emails - _emails(others) - {""})),
    )


def _having(numbers: Iterable[str], emails: Iterable[str]) -> Q:
    numbers, condition = [*numbers], Q(pk__in=[])
    if numbers:
        rows = CustomerNumber.objects.filter(number__in=numbers).values("customer")
        condition |= Q(phone__in=numbers) | Q(contact_phone__in=numbers) | Q(pk__in=rows)
    for email in emails:
        condition |= Q(email__iexact=email)
    return condition


def _numbers(customers: Iterable[Customer]) -> set[str]:
    own = ((customer.phone or "", customer.contact_phone) for customer in customers)
    more = (row.number for customer in customers for row in customer.numbers.all())
    return {*chain.from_iterable(own), *more}


def _emails(customers: Iterable[Customer]) -> set[str]:
    return {(customer.email or "").casefold() for customer in customers}


def _in(rows: QuerySet[Customer], companies: frozenset[int] | None) -> QuerySet[Customer]:
    return rows if companies is None else rows.filter(company_id__in=companies)
