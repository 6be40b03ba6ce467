"""docs/from-dramatiq.md and docs/from-celery.md: their code is that of the shop, and their tables say what is so."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from django.conf import settings
from django.core.management import get_commands
from dramatiq import Broker, Middleware, get_broker
from dramatiq.brokers import stub
from dramatiq.results import Results
from dramatiq.results.backends import StubBackend

from askpro.queues import LedgerActor, actor
from askpro.queues.worker.broker import LedgerBroker
from askpro.queues.worker.middleware import StartOfJobs
from askpro.queues.worker.refused import refuse

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("from-dramatiq", "from-celery")
DOCS = {name: (ROOT / f"docs/{name}.md").read_text("utf-8") for name in NAMES}
BLOCK = re.compile(r"^```(\w+)\n(.+?)^```", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (`.+?`) \| (\w+) \| ?(.*?) ?\|$", re.MULTILINE)
BLOCKS = [(name, kind, code) for name, text in DOCS.items() for kind, code in BLOCK.findall(text)]
# What Dramatiq's brokers write into a message, and so anybody else may.
WRITTEN = {"eta"}
# A value for each option that an actor may have here.
SAMPLES: dict[str, Any] = {
    "actor_class": LedgerActor,
    "actor_name": "another",
    "max_backoff": 9,
    "max_retries": 1,
    "min_backoff": 5,
    "notify_shutdown": True,
    "on_failure": "hears",
    "on_success": "hears",
    "priority": 3,
    "queue_name": "high",
    "result_ttl": 1000,
    "retry_when": lambda retries, error: True,
    "store_results": True,
    "throws": (KeyError,),
    "time_limit": 1000,
}


def table(heading: str) -> dict[str, tuple[str, str]]:
    """What a table of from-dramatiq.md says: by name, whether it works, and what to know."""
    section = DOCS["from-dramatiq"].partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = ROW.findall(section)
    return {name: (said, more) for names, said, more in rows for name in re.findall(r"`(.+?)`", names)}


def dramatiqs_middleware() -> dict[str, type[Middleware]]:
    """Every middleware that Dramatiq brings, whatever module a new release puts it in."""
    for module in pkgutil.walk_packages(dramatiq.__path__, "dramatiq."):
        if not module.name.endswith("__main__"):
            with suppress(ImportError):  # of a broker or backend whose library is not installed
                importlib.import_module(module.name)
    found: list[type[Middleware]] = list(Middleware.__subclasses__())
    for kind in found:
        found.extend(kind.__subclasses__())
    public = (kind for kind in found if not kind.__name__.startswith("_"))
    return {kind.__name__: kind for kind in public if kind.__module__.startswith("dramatiq.")}


def dramatiqs_options() -> set[str]:
    """Every option that Dramatiq documents: of its decorator, of its senders, and of its middleware."""
    callables = (dramatiq.actor, dramatiq.Actor.send_with_options)
    said = [each for one in callables for each in inspect.signature(one).parameters.values()]
    of_middleware = [kind.actor_options.fget(None) for kind in dramatiqs_middleware().values()]  # type: ignore[attr-defined]
    names = {each.name for each in said if each.kind is not each.VAR_KEYWORD and each.name != "self"}
    return names.union(WRITTEN, *of_middleware)


@pytest.fixture
def broker() -> LedgerBroker:
    """A broker of its own, with everything that brings options."""
    kept = [type(each)() for each in get_broker().middleware if type(each).__module__.startswith("dramatiq.")]
    made = LedgerBroker(middleware=[StartOfJobs(), *kept, Results(backend=StubBackend())])
    dramatiq.actor(lambda message, told: None, broker=made, actor_name="hears")
    return made


class TestCode:
    @pytest.mark.parametrize(("name", "code"), [(name, code) for name, kind, code in BLOCKS if kind == "python"])
    def test_it_is_what_runs(self, name: str, code: str) -> None:
        files, _, body = code.removeprefix("# ").partition("\n")
        if files == "settings.py":
            said: dict[str, Any] = {}
            exec(body, said)
            ours, product = said["DRAMATIQ_BROKER"], settings.DRAMATIQ_BROKER
            middleware = [each for each in product["MIDDLEWARE"] if each in ours["MIDDLEWARE"]]
            assert ours == {**product, "MIDDLEWARE": middleware}
            return
        for file in files.split(", "):
            assert body in (ROOT / file).read_text("utf-8"), file

    @pytest.mark.parametrize("code", [code for _, kind, code in BLOCKS if kind == "sh"])
    def test_its_commands_are_there(self, code: str) -> None:
        commands = re.findall(r"^python3 manage\.py (\w+)", code, re.MULTILINE)
        assert len(commands) == len(code.splitlines())
        assert {*commands} <= get_commands().keys()

    def test_each_kind_of_block_is_looked_at(self) -> None:
        assert {kind for _, kind, _ in BLOCKS} == {"python", "sh"}
        assert {name for name, kind, _ in BLOCKS if kind == "python"} == {*NAMES}

    def test_the_refusal_that_it_quotes_is_the_one(self, broker: LedgerBroker) -> None:
        with pytest.raises(ValueError) as refusal:
            dramatiq.actor(lambda order_id: None, broker=broker, actor_name="remind", max_age=1)
        assert f"`{refusal.value}`" in " ".join(DOCS["from-dramatiq"].split())


class TestOptions:
    def test_every_option_of_dramatiqs_is_told(self) -> None:
        assert table("Options").keys() == dramatiqs_options()

    @pytest.mark.parametrize("declare", [actor, dramatiq.actor], ids=["ours", "Dramatiq's"])
    @pytest.mark.parametrize("option", sorted(dramatiqs_options()))
    def test_it_works_or_is_refused_with_the_cure(
        self, broker: LedgerBroker, declare: Callable[..., Any], option: str
    ) -> None:
        said, more = table("Options")[option]
        if said == "refused":
            with pytest.raises(ValueError, match=f"{option} is not supported") as refusal:
                declare(broker=broker, actor_name="job", **{option: 5})(lambda: None)
            cures = [cure.partition("(")[0] for cure in re.findall(r"`(.+?)`", more)]
            assert cures and all(cure in str(refusal.value) for cure in cures)
        elif option in SAMPLES:
            given = {"actor_name": "job", option: SAMPLES[option]}
            given.pop("actor_class", None) if declare is actor else None
            declared = declare(broker=broker, **given)(lambda: None)
            assert isinstance(declared, LedgerActor)
            declared.message()
        else:
            # What every test here uses.
            assert option in {"args", "broker", "delay", "fn", "kwargs"}

    @pytest.mark.parametrize("option", ["notify_shutdown", "store_results", "result_ttl", "min_backoff", "max_retries"])
    def test_a_message_may_have_it_too(self, broker: LedgerBroker, option: str) -> None:
        job = dramatiq.actor(lambda: None, broker=broker, actor_name="job")
        assert job.message_with_options(**{option: SAMPLES[option]}).options


class TestMiddleware:
    def test_every_middleware_of_dramatiqs_is_told(self) -> None:
        names = {name for name in table("Middleware") if not name.startswith(("before_", "after_"))}
        assert names == dramatiqs_middleware().keys()

    @pytest.mark.parametrize("name", sorted(dramatiqs_middleware()))
    def test_it_works_or_is_refused(self, name: str) -> None:
        made = object.__new__(dramatiqs_middleware()[name])
        if table("Middleware")[name][0] == "works":
            refuse(made)
        else:
            with pytest.raises(ValueError, match=f"{name} has no place here"):
                refuse(made)

    def test_every_hook_is_told(self) -> None:
        """tests/queues/worker/test_dramatiq_hooks.py holds which are heard."""
        hooks = {
            name: said for name, (said, _) in table("Middleware").items() if name.startswith(("before_", "after_"))
        }
        assert hooks.keys() == {name for name in vars(Middleware) if name.startswith(("before_", "after_"))}
        never = {name for name, said in hooks.items() if said == "never"}
        assert never == {"before_delay_message", "after_declare_delay_queue"}


class TestTheRest:
    def test_what_dramatiq_leaves_to_a_broker_is_there(self) -> None:
        left = {name for name, each in vars(Broker).items() if _raises_not_implemented(each)}
        assert left >= {"join", "flush", "flush_all", "enqueue", "consume"}
        assert left <= vars(LedgerBroker).keys()

    @pytest.mark.parametrize("name", sorted(table("The rest")))
    def test_dramatiq_has_it(self, name: str) -> None:
        assert any(_has(place, name.removeprefix("broker.")) for place in (dramatiq, Broker, stub))


def _raises_not_implemented(each: Any) -> bool:
    return inspect.isfunction(each) and "NotImplementedError" in each.__code__.co_names


def _has(place: Any, path: str) -> bool:
    for name in path.split("."):
        place = getattr(place, name, None)
    return place is not None
