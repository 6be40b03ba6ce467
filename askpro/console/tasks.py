"""The console's own job: repairs that people asked for."""

from askpro.console.repair.running import go_on
from askpro.queues import MIN, H, Release, S, actor


@actor(
    queue_name="low",
    max_retries=10,
    backoff=(5 * S, 30 * S, 2 * MIN, 10 * MIN),
    time_limit=5 * MIN,
    # Fifty thousand rows at one a second take fourteen hours, and a pause of the queue may come on top.
    deadline=7 * 24 * H,
    no_overlap="repair:{repair_id}",
    tags=("repair:{repair_id}",),
)
def run_repair(repair_id: int) -> None:
    """Do the rows of a repair that are due now; the same job does the others a second later.

    Writes: Repair, RepairItem, and what the repair's deed writes
    """
    pause = go_on(repair_id)
    if pause is not None:
        raise Release(pause, "goes on with the rest")
