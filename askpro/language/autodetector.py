"""What people read of a model is no part of the schema: no migration holds names, help texts or choices, nor the
validators, which say what is wrong."""

from typing import Any, Final

from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.state import ProjectState

READ: Final = ("verbose_name", "verbose_name_plural")


class Autodetector(MigrationAutodetector):
    """Compares models without their words. A sentence that is mended, or a state that is added, needs no migration.

    Migrations would hold a copy of each sentence, and a state-only migration of all models' names takes 23 seconds of a
    core: Django builds the models anew for each field.
    """

    def __init__(self, from_state: ProjectState, to_state: ProjectState, *args: Any, **kwargs: Any) -> None:
        # Both are copies made for this comparison: no model of this process is changed.
        for state in (from_state, to_state):
            _forget_words(state)
        super().__init__(from_state, to_state, *args, **kwargs)


def _forget_words(state: ProjectState) -> None:
    for model in state.models.values():
        for name in READ:
            model.options.pop(name, None)
        for field in model.fields.values():
            # `deconstruct` leaves out what has its default.
            field._verbose_name, field.help_text, field.choices, field._validators = None, "", None, []
