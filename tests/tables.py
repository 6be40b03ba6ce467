"""Empties tables between tests: only those that were written to."""

from django.db import connection, transaction

# Rows that `migrate` wrote, which no test deletes.
OF_MIGRATE = (
    *("django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions"),
    *("console_shippedgroup", "console_shippedgroup_permissions"),
)

# Bytes up to which a table's rows are deleted. What deleting leaves of a row is gone when the table is truncated.
SMALL = 1 << 18

WRITTEN = """
SELECT quote_ident(relname), size > %s OR NOT has_parameter_privilege('session_replication_role', 'SET')
  FROM pg_class CROSS JOIN pg_relation_size(oid) AS size
 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND size > 0 AND relname <> ALL(%s)
"""

# Of workers and chores, which have their names for it from the engine.
END_SESSIONS = """
SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
 WHERE datname = current_database() AND application_name LIKE 'askpro %%' AND pid <> pg_backend_pid()
"""


def end_sessions() -> None:
    """Let no session of a killed worker outlive its test: it would still carry out its last statement."""
    with connection.cursor() as cursor:
        cursor.execute(END_SESSIONS, [])


def empty(kept: tuple[str, ...] = OF_MIGRATE) -> None:
    """Take all rows out of every table but those kept. Waits for the sessions that write to them.

    A table without a page has had no row since it was last truncated. A few rows are deleted: truncating makes new
    files for a table, for each of its indexes and for all that refers to it, which after a test with one company took
    an eighth of a second.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(WRITTEN, [SMALL, list(kept)])
        written = cursor.fetchall()
        if large := [name for name, is_large in written if is_large]:
            cursor.execute(f"TRUNCATE {', '.join(large)} CASCADE")
        if small := [name for name, is_large in written if not is_large]:
            # No trigger of ours and no foreign key looks at what is deleted.
            cursor.execute(
                f"SET LOCAL session_replication_role = replica; LOCK TABLE {', '.join(small)};"
                + ";".join(f"DELETE FROM {name}" for name in small)
            )


def renew_session() -> None:
    """Leave nothing in this session of what a test has set, locked or listened to. It keeps what it has read of the
    catalogue, which takes a new one ten milliseconds, and what it has prepared, which its client knows."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ALL; UNLISTEN *; DISCARD TEMP; SELECT pg_advisory_unlock_all()")
    connection.ensure_timezone()
