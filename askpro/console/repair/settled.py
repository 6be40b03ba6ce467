"""What makes another run of a job pointless: the row that it is about is done with. Apps say so of their rows."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import BigIntegerField, Exists, Func, Model, OuterRef, Q
from django.db.models.fields.json import KeyTextTransform

from askpro.console.repair.kinds import Already, Words


@dataclass(frozen=True, slots=True)
class Settled:
    """Jobs whose argument names a row of this model have nothing left to do once `condition` holds for it.

    `actors` are the jobs of which that is true; empty: all that have the argument.
    """

    code: str
    sentence: Words
    argument: str
    model: type[Model]
    condition: Callable[[], Q]
    actors: tuple[str, ...] = ()

    @property
    def already(self) -> Already:
        """The same as a reason to leave such jobs alone."""
        return Already(self.code, self.sentence, lambda asked: self._jobs())

    def _jobs(self) -> Q:
        about = _Number(KeyTextTransform(self.argument, OuterRef("kwargs")))
        done = Q(Exists(self.model._default_manager.filter(self.condition(), pk=about)))
        ours = Q(actor_name__in=self.actors) if self.actors else Q()
        return ours & Q(kwargs__has_key=self.argument) & done


class _Number(Func):
    """An id in a JSON object as a number; NULL for whatever is none."""

    function = "substring"
    template = "(%(function)s(%(expressions)s FROM '^([0-9]{1,18})$'))::bigint"
    output_field = BigIntegerField()


_settled: list[Settled] = []


def register(*settled: Settled) -> None:
    """Tell when rows are done with; apps do so from their admin pages, which every process loads."""
    _settled.extend(settled)


def reasons() -> tuple[Already, ...]:
    """All that is known."""
    return tuple(each.already for each in _settled)
