"""What the measured jobs do, the same on both sides."""

from askpro.dev.bench.ear import tell_start
from askpro.dev.bench.models import Effect

__all__ = ["leave_effect", "nothing", "tell_start"]


def nothing() -> None:
    return


def leave_effect(number: int) -> None:
    Effect.objects.create(number=number)
