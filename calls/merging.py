"""Makes two rows of one customer one, and two again."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, ManyToOneRel, Model, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from calls.models import Customer, CustomerMerge, CustomerNumber, NamePart

# Filled from the row that goes, where the one that stays says nothing.
FILLED: Final = ("name", "email", "contact_phone", "contact_phone_call", "legal_hold", "legal_hold_until")
CONSENT: Final = ("sms_consent_at", "sms_consent_call")
# Work that has read a customer before the merge has written by then.
LONGEST_WORK: Final = timedelta(days=1)
AT_ONCE: Final = 200


class Unmergeable(ValueError):
    """These rows cannot be merged, or this merge cannot be undone; the text says why."""


def merge(kept: Customer, lost: Customer, user: Any, note: str = "") -> CustomerMerge:
    """Give `kept` everything that names `lost`, which is found no more. Raises `Unmergeable`.

    1. Lock the rows that will move, then both customers: whoever writes an appointment locks it before its customer.
       From here on no row can be added to either.
    2. Move every row, of whatever table, whose foreign key names `lost`, and note its id.
    3. Fill what `kept` lacks. A yes to messages comes along with the number that it was about, or not at all.
    """
    with transaction.atomic():
        _lock_rows_of(lost)
        kept, lost = _locked(kept, lost)
        merge = CustomerMerge(company_id=kept.company_id, kept=kept, lost=lost, user=user, note=note)
        if lost.phone:
            # Callers whom an older release wrote down have no row of their number.
            CustomerNumber.note(lost, lost.phone, CustomerNumber.Kind.LINE, CustomerNumber.Known.CALLED)
        merge.moved = {label: ids for label, ids in _moved(lost, kept) if ids}
        merge.filled = _filled(kept, lost)
        merge.save()
        Customer.objects.filter(pk=lost.pk).update(merged_into=kept)
    return merge


def undo(merge: CustomerMerge, user: Any) -> bool:
    """Put everything back that this merge moved and filled; False if that was done before. Raises `Unmergeable`.

    Rows that were added since stay with the customer who was kept, and so does what has been changed there since.
    """
    with transaction.atomic():
        # Keys are locked in one order, as when they are merged.
        rows = Customer.objects.select_for_update().filter(pk__in=(merge.kept_id, merge.lost_id)).order_by("pk")
        found = {row.pk: row for row in rows}
        kept, lost = found[merge.kept_id], found[merge.lost_id]
        if kept.merged_into_id is not None:
            raise Unmergeable(_("The customer that stayed has been merged since. Undo that merge first."))
        if kept.erased_at is not None or lost.erased_at is not None:
            raise Unmergeable(_("One of them was erased."))
        if not merge.mark_undone(user):
            return False
        for label, model, field in _relations():
            ids = merge.moved.get(label, [])
            model._default_manager.filter(pk__in=ids, **{field: kept.pk}).update(**{field: lost.pk})
        _unfill(kept, lost, merge.filled)
        Customer.objects.filter(pk=lost.pk).update(merged_into=None)
    return True


def counts(lost: Customer) -> list[tuple[str, int]]:
    """How many rows of each kind would move."""
    relations = [(model, field) for _, model, field in _relations() if model is not Customer]
    asked = [_number_of(model, field) for model, field in relations]
    numbers = Customer.objects.filter(pk=lost.pk).values_list(*asked).get()
    names = [str(model._meta.verbose_name_plural) for model, _ in relations]
    return [(name, number) for name, number in zip(names, numbers, strict=True) if number]


def _number_of(model: type[Model], field: str) -> Subquery:
    rows = model._default_manager.filter(**{field: OuterRef("pk")}).order_by()
    return Subquery(rows.values(field).annotate(number=Count("pk")).values("number"))


def move_stragglers() -> int:
    """Move rows that were written for a merged customer by work that had begun before; returns how many."""
    since = timezone.now() - LONGEST_WORK
    recent = list(CustomerMerge.objects.filter(undone_at=None, created_at__gt=since).order_by("pk")[:AT_ONCE])
    lost = [merge.lost_id for merge in recent]
    moved = 0
    for label, model, field in _relations() if recent else ():
        for key in set(model._default_manager.filter(**{f"{field}__in": lost}).values_list(field, flat=True)):
            moved += _move_late(recent[lost.index(key)], label, model, field)
    return moved


def _relations() -> Iterator[tuple[str, type[Model], str]]:
    """Every foreign key to a customer, apart from those of merges and of its own name's words: label, model, field.

    Rows that were merged into the one that goes are among them, so that each leads to the row that stands for it now.
    """
    for relation in Customer._meta.get_fields(include_hidden=True):
        model: Any = relation.related_model
        if isinstance(relation, ManyToOneRel) and model not in (CustomerMerge, NamePart):
            yield f"{model._meta.label_lower}.{relation.field.name}", model, relation.field.name


def _lock_rows_of(lost: Customer) -> None:
    for _label, model, field in _relations():
        rows = model._default_manager.select_for_update(of=("self",)).filter(**{field: lost.pk})
        list(rows.order_by("pk").values_list("pk"))


def _locked(kept: Customer, lost: Customer) -> tuple[Customer, Customer]:
    rows = Customer.objects.select_for_update().filter(pk__in=(kept.pk, lost.pk)).order_by("pk")
    found = {row.pk: row for row in rows}
    if len(found) != 2:
        raise Unmergeable(_("Choose two customers."))
    kept, lost = found[kept.pk], found[lost.pk]
    if kept.company_id != lost.company_id:
        raise Unmergeable(_("They are customers of two companies."))
    if kept.merged_into_id is not None or lost.merged_into_id is not None:
        raise Unmergeable(_("One of them is merged already."))
    if kept.erased_at is not None or lost.erased_at is not None:
        raise Unmergeable(_("One of them was erased."))
    return kept, lost


def _moved(lost: Customer, kept: Customer) -> Iterator[tuple[str, list[Any]]]:
    for label, model, field in _relations():
        rows = model._default_manager.filter(**{field: lost.pk})
        ids = list(rows.order_by("pk").values_list("pk", flat=True))
        rows.update(**{field: kept.pk})
        yield label, ids


def _move_late(merge: CustomerMerge, label: str, model: type[Model], field: str) -> int:
    with transaction.atomic():
        held = CustomerMerge.objects.select_for_update().get(pk=merge.pk)
        if held.undone_at is not None:
            return 0
        rows = model._default_manager.filter(**{field: held.lost_id})
        late = list(rows.values_list("pk", flat=True))
        rows.filter(pk__in=late).update(**{field: held.kept_id})
        held.moved[label] = sorted({*held.moved.get(label, []), *late})
        held.save(update_fields=["moved"])
    return len(late)


def _filled(kept: Customer, lost: Customer) -> dict[str, Any]:
    """Fill empty fields; returns what was there before, by field."""
    before: dict[str, Any] = {}
    for name in FILLED:
        if not getattr(kept, name) and getattr(lost, name):
            _fill(kept, lost, name, before)
    is_for_this_number = kept.contact_phone and kept.contact_phone == (lost.contact_phone or lost.phone)
    if lost.sms_consent_at and not kept.sms_consent_at and not kept.contact_phone and lost.phone:
        before["contact_phone"] = kept.contact_phone
        kept.contact_phone, is_for_this_number = lost.phone, True
    if is_for_this_number and not kept.sms_consent_at:
        for name in CONSENT:
            _fill(kept, lost, name, before)
    if lost.last_contact_at and (kept.last_contact_at is None or kept.last_contact_at < lost.last_contact_at):
        _fill(kept, lost, "last_contact_at", before)
    if before:
        kept.save(update_fields=[*before])
    return before


def _fill(kept: Customer, lost: Customer, name: str, before: dict[str, Any]) -> None:
    value = _value(kept, name)
    before[name] = value.isoformat() if hasattr(value, "isoformat") else value
    setattr(kept, _column(name), _value(lost, name))


def _unfill(kept: Customer, lost: Customer, filled: dict[str, Any]) -> None:
    """Bring back what was there, unless it says something else by now."""
    given = {name: _value(lost, name) for name in filled}
    if "contact_phone" in filled:
        given["contact_phone"] = lost.contact_phone or lost.phone
    back = [name for name in filled if _value(kept, name) == given[name]]
    for name in back:
        setattr(kept, _column(name), _field(name).to_python(filled[name]))
    if back:
        kept.save(update_fields=back)


def _value(customer: Customer, name: str) -> Any:
    return getattr(customer, _column(name))


def _column(name: str) -> str:
    """As it is stored: of a foreign key, the key."""
    return str(_field(name).attname)


def _field(name: str) -> Any:
    return Customer._meta.get_field(name)
