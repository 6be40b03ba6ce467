"""The whole way: from the answered `call_ended` to the SMS that the sandbox's Twilio has accepted."""

import time
from contextlib import ExitStack, closing

from askpro.dev.bench.call_cost import CallMeter
from askpro.dev.bench.ear import Ear
from askpro.dev.bench.measures import idle
from askpro.dev.bench.measures.composed import single_chains
from askpro.dev.bench.measures.ingest import end_quiet_hours, seed
from askpro.dev.bench.report import Report
from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.contenders import IDLE_SECONDS
from askpro.dev.bench.sides.meter import Meter
from askpro.dev.bench.sides.product import Product
from askpro.dev.up.failure import Failure

CALLS = (50, 10)
# The number of turns that each side takes.
TURNS = 5
WARM_UP = 3
# Calls at once, of which the cost is told: what is done for none of them in particular, such as idle looks, is little.
TOGETHER = 20
# Jobs from the call's end to the SMS, including the one that sends it.
HOPS = 5
LIMITS = {"p50": 150.0}


def measure(session: Session, report: Report) -> None:
    """One call after another. The peer runs a pipeline of as many jobs, but empty ones: no database, no vendor."""
    seed()
    end_quiet_hours()
    turns = session.effort.turns(TURNS)
    count = session.effort.size(*CALLS) // turns
    session.steps.say("A whole call: sandbox, web and workers start")
    session.arena.retire_ours()
    peer = session.arena.peer()
    with ExitStack() as stack, closing(Ear()) as ear:
        product = Product(session, stack)
        product.wait()
        needed = WARM_UP + count * turns + TOGETHER
        slots = product.free_slots()[:needed]
        if len(slots) < needed:
            raise Failure(f"Cal.com's stand-in has only {len(slots)} free times.")
        for _ in range(WARM_UP):
            product.take_call(slots.pop())
        ours: list[float] = []
        theirs: list[float] = []
        strangers: list[float] = []
        for turn in range(turns):
            session.steps.say(f"A whole call: AskPro, turn {turn + 1} of {turns}")
            meter = Meter(*product.programs)
            ours += [product.take_call(slots.pop()) for _ in range(count)]
            strangers.append(meter.read().strangers)
            product.hold()
            session.steps.done()
            session.steps.say(f"A whole call: {peer.name}, turn {turn + 1} of {turns}")
            theirs += single_chains(peer, ear, HOPS, count)[0]
            product.release()
            time.sleep(IDLE_SECONDS)
            session.steps.done()
        session.steps.say(f"{TOGETHER} whole calls at once: what each costs")
        calls = CallMeter(product.web, product.queues)
        product.take_calls([slots.pop() for _ in range(TOGETHER)])
        report.call = calls.read(TOGETHER)
    name = f"{peer.name}, a pipeline of {HOPS} empty jobs"
    report.figures += idle.figures("call_ended to SMS accepted", ours, theirs, name, LIMITS, strangers)
