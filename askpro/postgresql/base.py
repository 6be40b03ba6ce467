"""The backend itself: Django looks for `DatabaseWrapper` here."""

import time
from typing import Any

from django.db.backends.postgresql import base

from askpro.postgresql.session import Cursor, Session

# A connection that was used so many seconds ago is not asked whether the server still answers, as long as nothing came
# from there. A host that vanished says nothing either; then the statement that follows fails (`tcp_user_timeout`).
SURE_FOR = 5.0


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL by psycopg2, with fewer messages for the same transactions."""

    # Monotonic seconds of the last check: a statement followed it.
    _used_at = 0.0

    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), "connection_factory": Session, "cursor_factory": Cursor}

    def create_cursor(self, name: str | None = None) -> Any:
        if name is None:
            return super().create_cursor()
        # psycopg2 knows of no transaction, and refuses a cursor that would end with one.
        cursor = self.connection.cursor(name, scrollable=False, withhold=True)
        cursor.tzinfo_factory = self.tzinfo_factory
        return cursor

    def is_usable(self) -> bool:
        """Whether the server still answers. It is not asked before each job and each request: an ended session shows by
        what has come from the server unasked."""
        used_at, self._used_at = self._used_at, time.monotonic()
        is_sure = self.connection is not None and self._used_at - used_at < SURE_FOR and not self.errors_occurred
        return (is_sure and self.connection.is_silent) or super().is_usable()
