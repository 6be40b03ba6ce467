"""The numbers of a customer."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from calls.models.company import Company, e164
from calls.models.customer import Customer


class CustomerNumber(models.Model):
    """A number by which a customer is found; in a company, a number belongs to one customer.

    `Customer.phone` and `Customer.contact_phone` have a row here too, a contact number unless it is another customer's.
    """

    class Kind(models.TextChoices):
        LINE = "line", _("Calls from it")
        CONTACT = "contact", _("Gets messages")
        OTHER = "other", _("Another number")

    class Known(models.TextChoices):
        """How it came to be known."""

        CALLED = "called", _("A call came from it")
        SAID = "said", _("Given for a confirmed appointment")
        PERSON = "person", _("A person entered it")

    # What was only said may be anybody's number: whoever calls from it is recognised, but hears of no appointment.
    PROVEN = (Known.CALLED, Known.PERSON)

    company = models.ForeignKey(Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, verbose_name=_("customer"), on_delete=models.CASCADE, related_name="numbers")
    number = models.CharField(_("number"), max_length=16, validators=[e164])
    kind = models.CharField(_("what for"), max_length=8, choices=Kind.choices, default=Kind.OTHER)
    known = models.CharField(_("known from"), max_length=8, choices=Known.choices, default=Known.PERSON, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("number of a customer")
        verbose_name_plural = _("numbers of customers")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint("company", "number", name="customer_number_per_company")]
        indexes = [models.Index(fields=["number"], name="customer_number")]

    def __str__(self) -> str:
        return _("Number %(id)s") % {"id": self.pk}

    @staticmethod
    def note(customer: Customer, number: str, kind: Kind, known: Known) -> None:
        """Note a number of this customer; one that is another's already stays so."""
        row = CustomerNumber(company_id=customer.company_id, customer=customer, number=number, kind=kind, known=known)
        CustomerNumber.objects.bulk_create([row], ignore_conflicts=True)


def having(number: str, *, proven: bool = False, contact: bool = False) -> Q:
    """The condition that a customer has this number (E.164). A `phone` counts with or without a row here.

    `proven`: a call came from it, or a person entered it. `contact`: older releases' contact numbers count, too.
    """
    rows = CustomerNumber.objects.filter(number=number)
    if proven:
        rows = rows.filter(known__in=CustomerNumber.PROVEN)
    # Not OR: each part is found by its index.
    found = [rows, Customer.objects.filter(phone=number)] + [Customer.objects.filter(contact_phone=number)] * contact
    first, *others = (
        each.order_by().values_list("customer" if each.model is CustomerNumber else "pk") for each in found
    )
    return Q(pk__in=first.union(*others), merged_into=None)
