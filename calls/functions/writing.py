"""What functions write to their call: under its lock, so that two of them make no request twice."""

from calls.customers import customer_of
from calls.models import Call
from calls.wishes.wish import WishedAppointment


def locked(call: Call) -> Call:
    """The call, held until the transaction ends."""
    return Call.objects.select_for_update(of=("self",)).select_related("company", "branch__company").get(pk=call.pk)


def next_ordinal(call: Call) -> int:
    """The number of its next request."""
    last = call.booking_requests.order_by("-ordinal").values_list("ordinal", flat=True).first()
    return (last or 0) + 1


def know_caller(call: Call, wish: WishedAppointment, language: str) -> None:
    """Find or make the customer; who was not known before is written to in the language that is spoken."""
    call.customer = customer_of(call, wish)
    if call.customer is not None and call.customer.last_contact_at is None and call.customer.language != language:
        call.customer.language = language
        call.customer.save(update_fields=["language"])
    call.save(update_fields=["customer", "updated_at"])
