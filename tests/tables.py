"""Empties tables between tests: only those that were written to."""

from django.db import connection

# Rows that `migrate` wrote, which no test deletes.
OF_MIGRATE = (
    *("django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions"),
    *("console_shippedgroup", "console_shippedgroup_permissions"),
)

WRITTEN = """
SELECT relname FROM pg_class
 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0 AND relname <> ALL(%s)
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
    """Truncate every table but those kept.

    A table without a page has had no row since it was last truncated. Truncating all fifty with their two hundred
    indexes costs a tenth of a second per test, and writing Django's own rows again half of that.
    """
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN, [list(kept)])
        if names := [connection.ops.quote_name(name) for (name,) in cursor.fetchall()]:
            cursor.execute(f"TRUNCATE {', '.join(names)} CASCADE")
