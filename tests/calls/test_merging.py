"""Two rows of one customer become one, and two again, whatever has happened since."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from appointments import follow_ups
from appointments.models import Appointment, Detail, FollowUp
from calls import merging
from calls.merging import Unmergeable, merge, undo
from calls.models import BookingRequest, Call, Customer, CustomerMerge, CustomerNumber
from calls.tasks import identify_customer
from notifications import outbox
from notifications.models import Notification
from tests.appointments.salon import branch, call, company, customer, request, service, staff
from tests.calls.practice import told

pytestmark = pytest.mark.django_db

LINE, OTHER, THIRD = "+4915550100456", "+4915550100457", "+4915550100458"


@pytest.fixture
def ole(db: None) -> Customer:
    salon = company(notification_email="team@birke.example.org")
    at = branch(salon)
    service(salon)
    staff(at)
    return customer(salon, LINE, email="ole@linde.example.org")


@pytest.fixture
def twin(ole: Customer) -> Customer:
    """The same person's second row."""
    row = customer(ole.company, OTHER, sms_consent_at=None)
    Customer.objects.filter(pk=row.pk).update(name="O. Linde")
    return Customer.objects.get(pk=row.pk)


def story(who: Customer, number: int) -> None:
    """One of each: a call, a wish, one without a call, an appointment with its messages, a follow-up."""
    at = who.company.branches.get()
    talked = call(at, who, f"call_{who.pk}_{number}")
    wish = request(talked)
    BookingRequest.objects.create(company=who.company, branch=at, customer=who)
    starts_at = timezone.now() + timedelta(days=number + 1)
    booked = Appointment.objects.create(
        company=who.company,
        branch=at,
        customer=who,
        call=talked,
        status="confirmed",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
    )
    outbox.announce(booked, "confirmation")
    follow_ups.open_for(wish, FollowUp.Reason.UNCLEAR, Detail.NOTHING_NAMED)


def owned() -> dict[str, set[Any]]:
    """Whose each row is, of every table that names customers."""
    return {label: set(model._default_manager.values_list("pk", field)) for label, model, field in merging._relations()}


def told_of(who: Customer) -> dict[str, Any]:
    fields = [field.attname for field in Customer._meta.concrete_fields]
    return Customer.objects.values(*fields).get(pk=who.pk)


def test_all_that_names_the_one_names_the_other_and_can_be_put_back(
    ole: Customer, twin: Customer, admin_user: User
) -> None:
    story(ole, 1)
    story(twin, 2)
    CustomerNumber.note(twin, THIRD, CustomerNumber.Kind.OTHER, CustomerNumber.Known.PERSON)
    CustomerNumber.note(twin, OTHER, CustomerNumber.Kind.LINE, CustomerNumber.Known.CALLED)
    before, fields = owned(), (told_of(ole), told_of(twin))
    done = merge(ole, twin, admin_user, "Rief von der Arbeit an.")
    assert all(owner != twin.pk for rows in owned().values() for _, owner in rows)
    moved = {label.rpartition(".")[0] for label in done.moved}
    assert moved == {
        "calls.call", "calls.bookingrequest", "calls.customernumber", "appointments.appointment",
        "appointments.followup", "notifications.notification",
    }  # fmt: skip
    assert merging.counts(Customer.objects.get(pk=twin.pk)) == []
    assert undo(done, admin_user)
    assert owned() == before
    assert (told_of(ole), told_of(twin)) == fields
    assert not undo(done, admin_user), "once"
    assert (CustomerMerge.objects.get().user, CustomerMerge.objects.get().undone_by) == (admin_user, admin_user)


def test_what_came_later_stays_with_who_was_kept(ole: Customer, twin: Customer, admin_user: User) -> None:
    story(twin, 1)
    done = merge(ole, twin, admin_user)
    story(ole, 2)
    later = Call.objects.latest("pk")
    Customer.objects.filter(pk=ole.pk).update(name="Ole von der Linde")
    undo(done, admin_user)
    later.refresh_from_db()
    assert later.customer == ole
    assert Call.objects.earliest("pk").customer == twin
    assert Customer.objects.get(pk=ole.pk).name == "Ole von der Linde"


def test_a_caller_from_the_lost_number_is_the_one_who_was_kept(ole: Customer, twin: Customer, admin_user: User) -> None:
    number = call(ole.company.branches.get(), None, "call_first").phone_number
    done = merge(ole, twin, admin_user)

    def caller(call_id: str) -> Customer | None:
        told("call_ended", call_id=call_id, from_number=OTHER, to_number=number.number)
        row = Call.objects.get(retell_call_id=call_id)
        identify_customer(call_id=row.pk)
        row.refresh_from_db()
        return row.customer

    assert caller("call_b") == ole
    assert Customer.objects.count() == 2
    undo(done, admin_user)
    assert caller("call_c") == twin


@pytest.mark.parametrize(
    ("kept", "lost", "filled"),
    [
        ({}, {"name": "Neu", "email": "neu@example.org"}, {}),
        ({"name": "", "email": None}, {"email": "neu@example.org"}, {"name": "Ole Linde", "email": "neu@example.org"}),
        # A yes comes with its number, or not at all.
        ({"sms_consent_at": None}, {}, {"contact_phone": OTHER, "sms_consent_at": True}),
        ({"sms_consent_at": None, "contact_phone": THIRD}, {}, {}),
        ({"sms_consent_at": None, "contact_phone": THIRD}, {"contact_phone": THIRD}, {"sms_consent_at": True}),
        ({"sms_consent_at": None}, {"sms_consent_at": None}, {}),
    ],
)
def test_only_what_is_missing_is_filled_and_emptied_again(
    ole: Customer, admin_user: User, kept: dict[str, Any], lost: dict[str, Any], filled: dict[str, Any]
) -> None:
    Customer.objects.filter(pk=ole.pk).update(**kept)
    before = told_of(ole)
    twin = customer(ole.company, OTHER)
    Customer.objects.filter(pk=twin.pk).update(**lost)
    done = merge(Customer.objects.get(pk=ole.pk), twin, admin_user)
    after = told_of(ole)
    changed = {name: value for name, value in after.items() if value != before[name]}
    assert {name: isinstance(value, datetime) or value for name, value in changed.items()} == filled
    undo(done, admin_user)
    assert told_of(ole) == before


def test_what_cannot_be_merged_is_refused(ole: Customer, twin: Customer, admin_user: User) -> None:
    stranger = customer(company("praxis-linde"), OTHER)
    third = customer(ole.company, THIRD)
    for other in (stranger, ole):
        with pytest.raises(Unmergeable):
            merge(ole, other, admin_user)
    done = merge(ole, twin, admin_user)
    with pytest.raises(Unmergeable, match="merged already"):
        merge(third, twin, admin_user)
    later = merge(third, ole, admin_user)
    assert set(Customer.objects.filter(merged_into=third)) == {ole, twin}, "each leads to the one who stands for it"
    with pytest.raises(Unmergeable, match="Undo that merge first"):
        undo(done, admin_user)
    undo(later, admin_user)
    Customer.objects.filter(pk=twin.pk).update(erased_at=timezone.now())
    with pytest.raises(Unmergeable, match="erased"):
        undo(done, admin_user)
    Customer.objects.filter(pk=twin.pk).update(erased_at=None)
    assert undo(done, admin_user)
    assert not Customer.objects.exclude(merged_into=None).exists()


def test_work_that_had_begun_before_is_moved_and_put_back_with_the_rest(
    ole: Customer, twin: Customer, admin_user: User, django_assert_max_num_queries: Any
) -> None:
    done = merge(ole, twin, admin_user)
    story(twin, 1)
    assert merging.move_stragglers() > 3
    assert not Call.objects.filter(customer=twin).exists()
    assert merging.move_stragglers() == 0
    done.refresh_from_db()
    undo(done, admin_user)
    assert Call.objects.get(customer=twin)
    with django_assert_max_num_queries(1):
        assert merging.move_stragglers() == 0


def test_no_constraint_forbids_a_customer_two_rows_of_a_kind() -> None:
    """Such a table would make merging fail: it would need a rule of its own."""
    for label, model, field in merging._relations():
        unique = [each for each in model._meta.constraints if isinstance(each, models.UniqueConstraint)]
        assert not model._meta.get_field(field).unique, label
        assert all(field not in (*each.fields, *map(str, each.expressions)) for each in unique), label
        assert f"F({field})" not in str([each.expressions for each in unique]), label


@pytest.mark.parametrize("seed", [3, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(4, 24))])
def test_any_merges_undone_in_turn_leave_all_as_it_was(ole: Customer, admin_user: User, seed: int) -> None:
    dice = random.Random(seed)
    people = [ole, *(customer(ole.company, f"+49155501009{index:02d}", email=None) for index in range(4))]
    for index, who in enumerate(people):
        story(who, index)
        CustomerNumber.note(who, str(who.phone), CustomerNumber.Kind.LINE, CustomerNumber.Known.CALLED)
    before = owned(), [told_of(who) for who in people]
    done = []
    for _ in range(12):
        kept, lost = dice.sample(people, 2)
        try:
            done.append(merge(kept, lost, admin_user))
        except Unmergeable:
            continue
    assert done
    for each in reversed(done):
        assert undo(CustomerMerge.objects.get(pk=each.pk), admin_user)
    assert (owned(), [told_of(who) for who in people]) == before
    assert Notification.objects.exists()
