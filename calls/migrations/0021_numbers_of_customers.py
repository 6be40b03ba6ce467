"""Gives each customer's numbers their rows, 5,000 customers at a time, each bite committed: about a second for 100,000
customers, during which nothing waits. Where a row is missing, customers are found by their `phone` as before."""

from typing import Any, Final

from django.db import migrations

BITE: Final = 5000
# A number that a call came from is its customer's, before anybody's contact number is.
FILL: Final = """
INSERT INTO calls_customernumber (company_id, customer_id, number, kind, known, created_at)
SELECT company_id, id, {number}, '{kind}', {known}, now() FROM calls_customer
 WHERE id >= %s AND id < %s AND COALESCE({number}, '') <> '' ORDER BY id
ON CONFLICT DO NOTHING
"""
WORDS: Final = (
    {"number": "phone", "kind": "line", "known": "'called'"},
    {
        "number": "contact_phone",
        "kind": "contact",
        "known": "CASE WHEN contact_phone_call_id IS NULL THEN 'person' ELSE 'said' END",
    },
)


def fill(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(max(id), 0) FROM calls_customer")
        last = cursor.fetchone()[0]
        for words in WORDS:
            for first in range(1, last + 1, BITE):
                cursor.execute(FILL.format(**words), [first, first + BITE])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('calls', '0020_customers_as_one'),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
