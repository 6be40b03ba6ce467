"""What is sent: messages, batches and their members, and how they look to the model."""

from dataclasses import dataclass
from typing import Any

from askpro.queues import Batch
from tests.queues import actors
from tests.queues.model import family
from tests.queues.model.ledger import DAY, Job, Ledger

CALLED = ("success", "failure", "finish")


@dataclass(frozen=True)
class Planted:
    """A batch that is sent, and how it looks to the model."""

    batch: Batch
    plan: list[Any]
    callbacks: dict[str, str]
    allow_failures: bool

    def write(self, ledger: Ledger, *, is_waiting: bool) -> family.Batch:
        model = family.Batch(str(self.batch.id), self.allow_failures)
        ledger.batches[model.pk] = model
        model.callbacks = {name: ledger.write(Job(pk, ""), is_waiting=True) for name, pk in self.callbacks.items()}
        model.add(write_members(ledger, model, self.plan, is_waiting=is_waiting))
        return model


def plan_batch(plan: list[Any], allow_failures: bool) -> Planted:
    said = {name: message_of("nothing") for name in CALLED}
    planted = [messages_of(member) for member in plan]
    batch = Batch(planted, allow_failures=allow_failures, **{f"on_{name}": each for name, each in said.items()})
    return Planted(batch, planted, {name: each.message_id for name, each in said.items()}, allow_failures)


def write_members(ledger: Ledger, batch: family.Batch, planted: list[Any], *, is_waiting: bool) -> list[Any]:
    made: list[Any] = []
    for member in planted:
        if isinstance(member, list):
            inner = family.Chain()
            for number, each in enumerate(member):
                job = Job(each.message_id, "", inner, batch, actor=each.actor_name)
                inner.steps.append(ledger.write(job, is_waiting=is_waiting or number > 0))
            made.append(inner)
        else:
            job = Job(member.message_id, "", None, batch, actor=member.actor_name)
            made.append(ledger.write(job, is_waiting=is_waiting))
    return made


def messages_of(plan: Any) -> Any:
    return [message_of(kind) for kind in plan] if isinstance(plan, list) else message_of(plan)


def message_of(kind: str, deadline: float | None = None) -> Any:
    arguments: dict[str, Any] = {
        "nothing": {"number": 1},
        "alone": {"key": "a"},
        "ordered": {"key": "a", "number": 1},
        "two_at_once": {"company_id": 1, "number": 1},
        "tied": {"company_id": 1},
        "unique": {"company_id": 1},
    }[kind]
    options = {} if deadline in (None, DAY) else {"deadline": int(deadline * 1000)}
    return getattr(actors, kind).message_with_options(kwargs=arguments, **options)
