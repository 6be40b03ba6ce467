"""`once(key)`: a unique row marks an effect as done, for ever."""

from django.db import connection, transaction

from askpro.queues import keys
from askpro.queues.ledger.current import current


class OutsideTransaction(RuntimeError):
    """`once` outside a transaction would mark an effect as done that may never happen."""


def once(key: str) -> bool:
    """True for the first caller in the whole life of the installation; False for every later one.

    Call it in the transaction that does the effect, such as an atomic job: both are committed or neither. A caller that
    asks at the same time waits for that transaction to end.
    """
    if not transaction.get_connection().in_atomic_block:
        raise OutsideTransaction(OutsideTransaction.__doc__)
    job_id = current.claim.id if current.claim else None
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO queues_effect (key, job_id) VALUES (%s, %s) ON CONFLICT DO NOTHING", [keys.key(key), job_id]
        )
        return cursor.rowcount == 1
