"""Every row that is about a person: found by what refers to what, so that a new model is found, too."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.apps import apps
from django.db.models import ForeignKey, Model, Q, QuerySet

from appointments.models import Appointment, CalcomUid
from askpro.privacy import classes
from askpro.privacy.about import events_about
from askpro.privacy.models import Wanted
from calls.models import BookingRequest, Call, Customer
from notifications.models import Notification, OptOut
from webhooks.models import WebhookEvent

# Rows that refer to a call of the person without being about the person, and rows that are found in other ways.
NOT_FOLLOWED: Final = frozenset(
    {
        ("calls.Customer", "contact_phone_call"),
        ("calls.Customer", "sms_consent_call"),
        ("webhooks.WebhookEvent", "conflict_of"),
        ("webhooks.WebhookEvent", "address"),
    }
)
OF_OTHERS: Final = ("auth", "privacy", "admin", "sessions", "contenttypes", "queues")
SUBJECTS: Final = ("calls.Call", "notifications.Notification", "appointments.CalcomUid", "appointments.Appointment")


class Trail:
    """The ids of all rows about a person, by model; events are found once it is asked for them."""

    def __init__(self, wanted: Wanted, companies: frozenset[int] | None) -> None:
        self.wanted = wanted
        self.companies = companies
        self._ids: dict[type[Model], set[Any]] = defaultdict(set)
        self._add(Customer, Customer.objects.filter(pk__in=wanted.customers))
        self._add_loose()
        while self._follow():
            pass

    def rows(self, model: type[Model]) -> QuerySet[Any]:
        """The person's rows of this model."""
        if model is OptOut:
            # It belongs to no company, but to whoever can receive its messages: all who use the sender.
            return OptOut.objects.filter(number__in=self.wanted.numbers)
        if model is WebhookEvent:
            return WebhookEvent.objects.filter(pk__in=self.ids(model))
        return model._default_manager.filter(pk__in=self.ids(model))

    def ids(self, model: type[Model]) -> set[Any]:
        if model is WebhookEvent and model not in self._ids:
            self._ids[model] = {*events_about(self.wanted, self.companies, self._subjects())}
        return self._ids[model]

    def models(self) -> list[type[Model]]:
        """The models of which the person has rows, in the order in which Django knows them."""
        return [model for model in personal_models() if self.rows(model).exists()]

    def _add_loose(self) -> None:
        """Rows that name no customer, but the person's number or address."""
        numbers, emails = [*self.wanted.numbers], [*self.wanted.emails]
        mail = Q()
        for email in emails:
            mail |= Q(email__iexact=email)
        self._add(Call, self._unnamed(Call).filter(from_number__in=numbers))
        self._add(
            BookingRequest,
            self._unnamed(BookingRequest)
            .filter(Q(call=None) | Q(call__customer=None))
            .filter(Q(contact_phone__in=numbers) | mail if emails else Q(contact_phone__in=numbers)),
        )
        self._add(
            Appointment,
            self._unnamed(Appointment).filter(
                Q(attendee_phone__in=numbers) | Q(attendee_email__in=emails) | Q(calcom_email__in=emails)
            ),
        )
        to_person = Q(recipient__in=[*numbers, *emails]) & ~Q(kind__in=Notification.TO_STAFF)
        self._add(Notification, self._unnamed(Notification).filter(to_person))
        for model in personal_models():
            # A question to a number, say, whose customer is not known.
            fields = {field.name for field in model._meta.concrete_fields}
            if {"number", "company", "customer"} <= fields:
                self._add(model, self._unnamed(model).filter(number__in=numbers))

    def _unnamed(self, model: type[Model]) -> QuerySet[Any]:
        rows = model._default_manager.filter(customer=None)
        return rows if self.companies is None else rows.filter(company__in=self.companies)

    def _follow(self) -> bool:
        """Add what refers to the rows found so far; False when nothing does."""
        grown = [self._add(model, self._referring(model, field)) for model, field in links()]
        return any(grown)

    def _referring(self, model: type[Model], field: "ForeignKey[Any, Any]") -> QuerySet[Any]:
        rows = model._default_manager.filter(**{f"{field.name}__in": self._ids[field.related_model]})
        names = {each.name for each in model._meta.concrete_fields}
        if "customer" in names and field.name != "customer":
            # What names another customer is about that one, even if it came up in this person's call.
            rows = rows.filter(Q(customer=None) | Q(customer__in=self._ids[Customer]))
        return rows

    def _add(self, model: type[Model], rows: QuerySet[Any]) -> bool:
        known = len(self._ids[model])
        self._ids[model].update(rows.values_list("pk", flat=True))
        return len(self._ids[model]) > known

    def _subjects(self) -> set[str]:
        """The ids that vendors' events name: calls, bookings and messages."""
        sids = self.rows(Notification).values_list("provider_id", "earlier_provider_id")
        return {
            *self.rows(Call).values_list("retell_call_id", flat=True),
            *self.rows(CalcomUid).values_list("uid", flat=True),
            *filter(None, self.rows(Appointment).values_list("calcom_uid", flat=True)),
            *(sid for pair in sids for sid in pair if sid),
        }


def personal_models() -> list[type[Model]]:
    """The apps' models that have fields about customers and callers, stored in tables of our own."""
    return [
        model
        for model in apps.get_models()
        if model._meta.app_label not in OF_OTHERS and model._meta.managed and _is_personal(model)
    ]


def fields_of(model: type[Model]) -> list[str]:
    """The fields that say something about a customer or caller, without the ids that vendors keep theirs under."""
    erased = (classes.Holds.WHO, classes.Holds.WORDS, classes.Holds.RAW)
    return [name for name, meaning in classes.personal(model) if meaning.holds in erased]


def links() -> Iterator[tuple[type[Model], "ForeignKey[Any, Any]"]]:
    """Which model refers to which by which field, among those about persons."""
    models = personal_models()
    for model in models:
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and field.related_model in models and _is_followed(model, field):
                yield model, field


def _is_followed(model: type[Model], field: "ForeignKey[Any, Any]") -> bool:
    return (model._meta.label, field.name) not in NOT_FOLLOWED


def _is_personal(model: type[Model]) -> bool:
    return any(isinstance(meaning, classes.Personal) for meaning in _meanings(model) if _of_customers(meaning))


def _meanings(model: type[Model]) -> Iterable[object]:
    return classes.FIELDS.get(model._meta.label, {}).values()


def _of_customers(meaning: object) -> bool:
    return isinstance(meaning, classes.Personal) and meaning.holds != classes.Holds.STAFF
