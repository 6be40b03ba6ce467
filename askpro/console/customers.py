"""Customers, as a search means them: their own list, and the lists of whatever is theirs."""

from django.db.models import Q

from askpro.console.term import Term
from calls.models import Customer, CustomerNumber, NamePart

MOST_MEANT = 500


def meaning(term: Term) -> Q:
    """The condition under which a customer is meant; one that was merged into another is not."""
    return Q(merged_into=None) & _meaning(term)


def customers_meant(term: Term) -> list[int]:
    """Ids of the customers that a term means, the newest first: rows of other tables are found through them."""
    if "customers" not in term.known:
        term.known["customers"] = _ids(term)
    ids: list[int] = term.known["customers"]
    return ids


def _ids(term: Term) -> list[int]:
    rows = Customer.objects.filter(meaning(term)).order_by("-pk")
    # The limit must not be used up by customers whom the person who asks may not see.
    rows = rows if term.companies is None else rows.filter(company_id__in=term.companies)
    return list(rows.values_list("pk", flat=True)[:MOST_MEANT])


def _meaning(term: Term) -> Q:
    if not term.means_people:
        return Q(pk=term.number)
    if term.is_number:
        theirs = CustomerNumber.objects.filter(term.numbers("number"))
        return term.numbers("phone", "contact_phone") | Q(pk__in=theirs.values("customer"))
    if term.is_email:
        return Q(email__iexact=term.text)
    named = NamePart.begun("customer", term.text, term.companies)
    return named if term.number is None else named | Q(pk=term.number)
