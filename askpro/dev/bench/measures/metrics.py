"""What it costs jobs that their figures are folded meanwhile."""

from askpro.dev.bench.figures import Figure, Target
from askpro.dev.bench.measures.rounds import Rounds
from askpro.dev.bench.models import Folding
from askpro.dev.bench.report import Report
from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.arena import rest
from askpro.queues.metrics import fold

# Long enough for several folds.
JOBS = (90_000, 10_000)


def measure(session: Session, report: Report) -> None:
    """The same workers with the fold on and off; each round begins with everything folded."""
    jobs, ours = session.effort.size(*JOBS), session.arena.ours
    rounds, on, off = Rounds(), f"{ours.name}, figures folded", f"{ours.name}, nothing folded"
    for number in range(session.effort.rounds):
        # In turns, who comes second.
        for name in (on, off) if number % 2 else (off, on):
            session.steps.say(f"{name}, round {number + 1}")
            ours.program.release()
            Folding.objects.update_or_create(pk=1, defaults={"is_on": True})
            fold.to_the_end()
            Folding.objects.update(is_on=name == on)
            rounds.add(ours, ours.run("empty", [{}] * jobs), name)
            rest(ours)
            session.steps.done()
    ours.program.release()
    Folding.objects.all().delete()
    report.figures.append(
        Figure(
            "empty jobs, figures folded meanwhile",
            "jobs/s",
            rounds.rates(on),
            rounds.rates(off),
            off,
            Target("ratio", at_least=0.97),
            strangers=rounds.strangers(on),
        )
    )
    report.add_costs(rounds.costs())
