"""The whole way: from the answered `call_ended` to the SMS that the sandbox's Twilio has accepted."""

import time
from contextlib import ExitStack, closing
from datetime import time as clock_time
from itertools import islice

from askpro.bench.contenders import IDLE_SECONDS, RedisBroker
from askpro.bench.ear import Ear
from askpro.bench.figures import Figure, Target, percentile
from askpro.bench.ingest import seed
from askpro.bench.meter import Meter
from askpro.bench.product import Product
from askpro.bench.report import Report
from askpro.bench.session import Session
from askpro.local.failure import Failure
from calls.models import Company

CALLS = (50, 10)
# In how many turns the two sides take theirs.
TURNS = 5
WARM_UP = 3
# Jobs from the call's end to the SMS, the latter's included.
HOPS = 5


def measure(session: Session, report: Report) -> None:
    """One call after the other. The peer runs a pipeline of as many jobs, all of them empty: no database, no vendor."""
    seed()
    # Equal times mean that there are no quiet hours: an SMS must not wait for the morning.
    Company.objects.update(quiet_from=clock_time(0), quiet_until=clock_time(0))
    count = session.effort.size(*CALLS) // TURNS
    session.steps.say("A whole call: sandbox, web and workers start")
    session.arena.retire_ours()
    peer = session.arena.peer()
    with ExitStack() as stack, closing(Ear()) as ear:
        product = Product(session, stack)
        product.wait()
        slots = list(islice(product.free_slots(), WARM_UP + count * TURNS))
        if len(slots) < WARM_UP + count * TURNS:
            raise Failure(f"Cal.com's stand-in has only {len(slots)} free times.")
        for _ in range(WARM_UP):
            product.take_call(slots.pop())
        ours: list[float] = []
        theirs: list[float] = []
        strangers: list[float] = []
        for turn in range(TURNS):
            session.steps.say(f"A whole call: AskPro, turn {turn + 1} of {TURNS}")
            meter = Meter(*product.programs)
            ours += [product.take_call(slots.pop()) for _ in range(count)]
            strangers.append(meter.read().strangers)
            product.hold()
            session.steps.done()
            session.steps.say(f"A whole call: {peer.name}, turn {turn + 1} of {TURNS}")
            theirs += _pipelines(peer, ear, count)
            product.release()
            time.sleep(IDLE_SECONDS)
            session.steps.done()
    report.figures += _figures(ours, theirs, peer.name, strangers)


def _pipelines(peer: RedisBroker, ear: Ear, count: int) -> list[float]:
    peer.program.release()
    time.sleep(IDLE_SECONDS)
    waited = []
    for _ in range(count):
        sent = time.monotonic_ns()
        peer.send_pipeline(HOPS)
        waited.append((ear.hear() - sent) / 1e6)
        time.sleep(0.1)
    peer.program.hold()
    return waited


def _figures(ours: list[float], theirs: list[float], name: str, strangers: list[float]) -> list[Figure]:
    name = f"{name}, a pipeline of {HOPS} empty jobs"
    return [
        Figure(
            f"call_ended to SMS accepted, {percent}",
            "ms",
            [percentile(ours, share)],
            [percentile(theirs, share)],
            name,
            target,
            less_is_better=True,
            strangers=strangers,
        )
        for percent, share, target in (("p50", 0.5, Target("askpro", at_most=150.0)), ("p99", 0.99, None))
    ]
