"""The words of names, in the one spelling by which they are searched."""

from collections.abc import Collection
from typing import Any, Final, Self

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from calls import text

# Longer words are told apart by this much of them.
LONGEST: Final = 40
# The field that names a row, by its model; a company is named by no other row.
NAMED: Final = {"Customer": "customer", "Branch": "branch", "Staff": "staff", "Service": "service", "Company": ""}


class Named(models.Model):
    """A row with a name by which it is searched: its parts are written whenever the name is."""

    # The name as the database has it, and its parts with it; None where it was not read.
    _name_stored: str | None = ""

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **more: Any) -> Self:
        row = super().from_db(db, field_names, values, **more)
        row._name_stored = row.__dict__.get("name")
        return row

    def save(self, *args: Any, **options: Any) -> None:
        if not self._is_renamed(options.get("update_fields")):
            super().save(*args, **options)
            return
        with transaction.atomic():
            super().save(*args, **options)
            NamePart.write(self)
        self._name_stored = self.__dict__["name"]

    def _is_renamed(self, written: Any) -> bool:
        is_written = "name" in self.__dict__ and (written is None or "name" in written)
        return is_written and self.__dict__["name"] != self._name_stored


class NamePart(models.Model):
    """A word of the name of a customer, branch, staff member or service; with none of these, of the company itself.

    Written with the name, deleted with the row. Of a customer it says what `Customer.name` says, and ends with it.
    """

    company = models.ForeignKey("calls.Company", on_delete=models.CASCADE, related_name="+")
    customer = models.ForeignKey(
        "calls.Customer", on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    branch = models.ForeignKey("calls.Branch", on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    staff = models.ForeignKey("calls.Staff", on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    service = models.ForeignKey("calls.Service", on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    part = models.CharField(max_length=LONGEST)

    class Meta:
        verbose_name = _("part of a name")
        verbose_name_plural = _("parts of names")
        indexes = [
            # Words are found by how they begin, within a company or in all.
            models.Index(fields=["part"], opclasses=["varchar_pattern_ops"], name="name_part"),
            models.Index(fields=["customer"], condition=Q(customer__isnull=False), name="name_part_customer"),
            models.Index(fields=["branch"], condition=Q(branch__isnull=False), name="name_part_branch"),
            models.Index(fields=["staff"], condition=Q(staff__isnull=False), name="name_part_staff"),
            models.Index(fields=["service"], condition=Q(service__isnull=False), name="name_part_service"),
        ]

    def __str__(self) -> str:
        return _("Part %(id)s of a name") % {"id": self.pk}

    @classmethod
    def write(cls, row: Any) -> None:
        """Put the parts of the row's name in place of those that it has, in the transaction that writes the name."""
        field = NAMED[type(row).__name__]
        if row._name_stored != "":
            cls.objects.filter(cls.of(row)).delete()
        owner = {"company_id": row.company_id, field: row} if field else {"company_id": row.pk}
        parts = (NamePart(**owner, part=part[:LONGEST]) for part in text.name_parts(row.name))
        NamePart.objects.bulk_create(parts)

    @classmethod
    def of(cls, row: Any) -> Q:
        """The condition that a part is of this row's name."""
        if field := NAMED[type(row).__name__]:
            return Q(**{field: row.pk})
        return Q(company=row.pk, **{f"{field}__isnull": True for field in NAMED.values() if field})

    @classmethod
    def customers_begun(cls, typed: str, companies: frozenset[int] | None, most: int) -> list[int]:
        """The newest customers whose names have a word for each that was typed, which it begins."""
        longest, *others = sorted(text.name_parts(typed), key=len, reverse=True)
        rows = cls.objects.filter(part__startswith=longest[:LONGEST], customer__isnull=False)
        rows = rows if companies is None else rows.filter(company__in=companies)
        for other in others:
            same = cls.objects.filter(customer=OuterRef("customer"), part__startswith=other[:LONGEST])
            rows = rows.filter(Exists(same))
        # By an expression: with the column itself, PostgreSQL might walk all customers, the newest first.
        newest = rows.order_by((F("customer") + 0).desc()).values_list("customer", flat=True)
        # A name may have two words that begin alike.
        return list(dict.fromkeys(newest[: 3 * most]))[:most]

    @classmethod
    def begun(cls, field: str, typed: str, companies: frozenset[int] | None = None) -> Q:
        """The condition that a row's name, of the kind of this field, has words that begin with those typed."""
        meant = Q()
        for part in text.name_parts(typed):
            rows = cls.objects.filter(part__startswith=part[:LONGEST], **{f"{field}__isnull": False})
            rows = rows if companies is None else rows.filter(company__in=companies)
            meant &= Q(pk__in=rows.values(field))
        return meant or Q(pk__in=[])
