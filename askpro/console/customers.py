"""Customers and their calls, as a search means them: their own lists, and the lists of whatever is theirs."""

from django.db.models import Q

from askpro.console.membership import IsIn
from askpro.console.term import Term
from calls.models import Call, Customer, CustomerNumber, NamePart

MOST_MEANT = 500
# In no order: sorted, PostgreSQL would rather read all calls backwards than find these.
MOST_CALLS = 5000


def meaning(term: Term) -> Q:
    """The condition under which a customer is meant; one that was merged into another is not."""
    return Q(merged_into=None) & _meaning(term)


def customers_meant(term: Term) -> list[int]:
    """Ids of the customers that a term means, the newest first: rows of other tables are found through them."""
    if "customers" not in term.known:
        term.known["customers"] = _ids(term)
    ids: list[int] = term.known["customers"]
    return ids


def of_calls_meant(field: str, term: Term) -> Q:
    """The rows whose `field` is a call that the term means: by its id at Retell, its number, or who called."""
    meant = Q(retell_call_id=term.text) | Q(customer_id__in=customers_meant(term))
    calls = Call.objects.filter(meant | term.numbers("from_number") if term.phones else meant)
    return Q(IsIn(field, calls.order_by().values("pk")[:MOST_CALLS]))


def _ids(term: Term) -> list[int]:
    rows = Customer.objects.filter(meaning(term)).order_by("-pk")
    # The limit must not be used up by customers whom the person who asks may not see.
    rows = rows if term.companies is None else rows.filter(company_id__in=term.companies)
    return list(rows.values_list("pk", flat=True)[:MOST_MEANT])


def _meaning(term: Term) -> Q:
    if not term.means_people:
        return Q(pk=term.number)
    if term.is_number:
        theirs = CustomerNumber.objects.filter(term.numbers("number")).values("customer")
        # Few have one number, and are found by their keys; a beginning may be that of all numbers.
        has_number = Q(IsIn("pk", theirs)) if term.phones else Q(pk__in=theirs)
        return term.numbers("phone", "contact_phone") | has_number
    if term.is_email:
        return Q(email__iexact=term.text)
    named = NamePart.begun("customer", term.text, term.companies)
    return named if term.number is None else named | Q(pk=term.number)
