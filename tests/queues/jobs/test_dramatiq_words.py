"""What Dramatiq's own decorator declares becomes a job of the engine's, or is refused there, with the cure."""

from collections.abc import Callable, Iterator
from typing import Any

import dramatiq
import pytest
from dramatiq import get_broker

from askpro.queues import LedgerActor, S, actor
from askpro.queues.jobs.dramatiq_words import INSTEAD, doubling
from askpro.queues.jobs.words import MOST_RETRIES
from askpro.queues.ledger.claim import Claim
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from tests.queues import actors

# Both ways to declare an actor must say the same.
BOTH = pytest.mark.parametrize("declare", [actor, dramatiq.actor], ids=["ours", "Dramatiq's"])
Declare = Callable[..., Any]


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Actors that a test declares are removed after it."""
    known = set(get_broker().actors)
    yield
    for name in set(get_broker().actors) - known:
        del get_broker().actors[name]


def claim_of(job: LedgerActor[Any, Any], tries_spent: int = 0) -> Claim:
    return Claim("id", job.actor_name, "default", [], {}, {}, 1, tries_spent, 0, 0, False, 0, None)


@pytest.mark.django_db
class TestAPlainActor:
    def test_it_is_a_job_like_any_other(self, effects: Callable[[], list[str]]) -> None:
        @dramatiq.actor(max_retries=1, priority=5, actor_name="renamed")
        def plain(number: int) -> None:
            actors.effect("plain", number)

        assert isinstance(plain, LedgerActor)
        assert (plain.priority, plain.word("max_retries"), plain.word("time_limit")) == (5, 1, 60 * S)
        plain.send_with_options(args=(1,), delay=5 * S)
        assert ("renamed", "completed") in run_jobs(due_or_not=True)
        assert effects() == ["plain"]

    def test_its_arguments_are_checked_when_it_is_sent(self) -> None:
        @dramatiq.actor
        def plain(number: int) -> None: ...

        with pytest.raises(ValueError, match="plain: missing a required argument: 'number'"):
            plain.send()
        assert not Job.objects.exists()

    def test_a_class_of_dramatiqs_is_one_too(self, effects: Callable[[], list[str]]) -> None:
        class Greets(dramatiq.GenericActor):
            class Meta:
                max_retries = 1
                tags = ("customer:{customer_id}",)

            def perform(self, customer_id: int) -> None:
                actors.effect("greeted", customer_id)

        with pytest.raises(ValueError, match="Greets: missing a required argument"):
            Greets.send()  # type: ignore[attr-defined]
        Greets.send(customer_id=3)  # type: ignore[attr-defined]
        assert Job.objects.get().tags == ["customer:3"]
        assert run_jobs() == [("Greets", "completed")]
        assert effects() == ["greeted"]


class TestRefusing:
    @BOTH
    @pytest.mark.parametrize("option", sorted(INSTEAD))
    def test_an_option_that_would_change_nothing_is_refused_with_what_to_write(
        self, declare: Declare, option: str
    ) -> None:
        with pytest.raises(ValueError) as refusal:
            declare(**{option: 5})(lambda: None)
        assert f"{option} is not supported: {INSTEAD[option]}." in str(refusal.value)

    @pytest.mark.parametrize("option", sorted(INSTEAD))
    def test_so_it_is_in_a_message_however_it_got_there(self, option: str) -> None:
        with pytest.raises(ValueError, match=f"nothing: {option} is not supported"):
            actors.nothing.message_with_options(args=(1,), **{option: 5})
        copied = actors.nothing.message(1).copy(options={option: 5})
        with pytest.raises(ValueError, match=f"nothing: {option} is not supported"):
            actors.nothing.new_job(copied)

    @BOTH
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"queue_name": "hihg"}, "unknown queue 'hihg'; known: critical, high"),
            ({"max_retries": None}, "max_retries is None; it must be a whole number"),
            ({"time_limit": float("inf")}, "time_limit is inf; it must be milliseconds"),
            ({"priority": "high"}, "priority is 'high'; it must be a whole number"),
            ({"retry_when": 5}, "retry_when is 5; it must be a function"),
            ({"notify_shutdown": "yes"}, "notify_shutdown is 'yes'; it must be True or False"),
            ({"min_backoff": 0}, "min_backoff is 0; it must be milliseconds"),
            ({"max_backoff": "1"}, "max_backoff is '1'; it must be milliseconds"),
            ({"min_backoff": 5, "backoff": (5,)}, "backoff says every pause"),
        ],
        ids=str,
    )
    def test_a_value_that_cannot_be_meant_is_refused(
        self, declare: Declare, options: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(ValueError, match=f"job: {said}"):

            @declare(**options)
            def job() -> None: ...

        assert "job" not in get_broker().actors

    @BOTH
    def test_async_code_is_refused(self, declare: Declare) -> None:
        async def job() -> None: ...

        with pytest.raises(ValueError, match="job: a job is a plain function"):
            declare(job)

    def test_an_actors_class_of_ones_own_is_refused_unless_it_can_become_a_row(self) -> None:
        class Own(dramatiq.Actor): ...

        class Ours(LedgerActor): ...

        with pytest.raises(TypeError, match=r"job: .*Own must derive from askpro\.queues\.LedgerActor"):

            @dramatiq.actor(actor_class=Own)
            def job() -> None: ...

        with pytest.raises(ValueError, match="max_retries is -1"):

            @dramatiq.actor(actor_class=Ours, max_retries=-1)
            def unchecked() -> None: ...


class TestPauses:
    @pytest.mark.parametrize(
        ("first", "longest", "pauses"),
        [
            (1000, 10_000, (1000, 2000, 4000, 8000, 10_000)),
            (1000, 1000, (1000,)),
            (5000, 1000, (1000,)),
            (1000, 8000, (1000, 2000, 4000, 8000)),
        ],
    )
    def test_each_is_twice_the_one_before_up_to_the_longest(
        self, first: int, longest: int, pauses: tuple[int, ...]
    ) -> None:
        assert doubling("job", first, longest) == pauses

    def test_they_end_at_the_week_that_is_dramatiqs_longest(self) -> None:
        pauses = doubling("job", 15_000, 10**12)
        assert (pauses[0], pauses[-1]) == (15_000, 7 * 24 * 3600 * 1000)

    @BOTH
    def test_an_actor_has_as_many_as_it_has_retries(self, declare: Declare) -> None:
        @declare(min_backoff=1000, max_backoff=60_000, max_retries=3)
        def job() -> None: ...

        assert job.word("backoff") == (1000, 2000, 4000)
        assert not {"min_backoff", "max_backoff"} & job.options.keys()

    def test_a_message_may_have_its_own(self) -> None:
        message = actors.nothing.message_with_options(args=(1,), min_backoff=10, max_backoff=40)
        assert message.options == {"backoff": (10, 20, 40)}


class TestRetryWhen:
    def test_it_is_asked_instead_of_counting(self) -> None:
        asked: list[tuple[int, type[BaseException]]] = []

        def patient(retries: int, error: BaseException) -> bool:
            asked.append((retries, type(error)))
            return isinstance(error, OSError)

        @actor(max_retries=0, retry_when=patient)
        def job() -> None: ...

        assert job.outcome(claim_of(job, 7), OSError()).status == "retrying"
        assert job.outcome(claim_of(job), KeyError()).status == "dead"
        assert asked == [(7, OSError), (0, KeyError)]

    def test_it_is_not_asked_about_what_is_decided_already(self) -> None:
        @actor(throws=KeyError, retry_when=lambda *_: pytest.fail("asked"))
        def job() -> None: ...

        assert job.outcome(claim_of(job), None).status == "completed"
        assert job.outcome(claim_of(job), KeyError()).status == "dead"
        assert job.outcome(claim_of(job), dramatiq.RateLimitExceeded("")).status == "released"

    def test_there_is_a_last_time(self) -> None:
        @actor(retry_when=lambda *_: True)
        def job() -> None: ...

        assert job.outcome(claim_of(job, MOST_RETRIES - 1), OSError()).status == "retrying"
        assert job.outcome(claim_of(job, MOST_RETRIES), OSError()).status == "dead"

    @pytest.mark.parametrize(("tries_spent", "status"), [(1, "retrying"), (2, "dead")])
    def test_where_it_fails_retries_are_counted(self, tries_spent: int, status: str) -> None:
        @actor(max_retries=2, retry_when=lambda retries, error: retries / 0 > 1)
        def job() -> None: ...

        assert job.outcome(claim_of(job, tries_spent), OSError()).status == status
