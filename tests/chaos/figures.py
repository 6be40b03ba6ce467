"""Whether the figures of jobs are those of the ledger. Of both stories, whose actors are not in each other's world."""

from askpro.queues.metrics import fold
from askpro.queues.metrics.recount import differences


def figures_agree() -> list[str]:
    """What differs, to the job, when everything is folded."""
    fold.to_the_end()
    return differences()
