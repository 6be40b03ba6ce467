"""Writes the words of the names that are there, 1,000 rows at a time, each page committed: a minute for a million
customers, during which a name that is changed waits for its page at most. Begun again, it passes over the rows that
have their words. Until it is done, customers who have none are found by their numbers only."""

from typing import Any, Final

from django.db import migrations, transaction
from django.db.models import Exists, OuterRef

from calls.text import name_parts

PAGE: Final = 1000
LONGEST: Final = 40
KINDS: Final = (
    ("Company", "company"),
    ("Branch", "branch"),
    ("Staff", "staff"),
    ("Service", "service"),
    ("Customer", "customer"),
)


def fill(apps: Any, schema_editor: Any) -> None:
    parts = apps.get_model("calls", "NamePart")
    for model, field in KINDS:
        written = parts.objects.filter(**{field: OuterRef("pk")})
        if field == "company":
            written = written.filter(customer=None, branch=None, staff=None, service=None)
        rows = apps.get_model("calls", model).objects.filter(~Exists(written)).exclude(name="").order_by("pk")
        last = 0
        while last is not None:
            with transaction.atomic():
                last = _write(parts, rows, field, last)


def _write(parts: Any, rows: Any, field: str, after: int) -> int | None:
    """Write a page of rows, locked, so that no name changes meanwhile; its last id, None if there was none."""
    page = list(rows.filter(pk__gt=after).select_for_update(of=("self",)).only("name", *_company(field))[:PAGE])
    parts.objects.bulk_create(
        parts(**_owner(row, field), part=part[:LONGEST]) for row in page for part in name_parts(row.name)
    )
    return page[-1].pk if page else None


def _company(field: str) -> list[str]:
    return [] if field == "company" else ["company_id"]


def _owner(row: Any, field: str) -> dict[str, int]:
    return {"company_id": row.pk} if field == "company" else {"company_id": row.company_id, f"{field}_id": row.pk}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('calls', '0029_name_parts'),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
