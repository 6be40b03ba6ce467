"""The engine's own jobs."""

import uuid

from askpro.queues.jobs import interventions
from askpro.queues.jobs.actor import actor


@actor(queue_name="default", atomic=True)
def start_batch(batch_id: str) -> None:
    """Start a batch that is a step of a chain.

    Writes: Job, Batch
    """
    interventions.start_batch(uuid.UUID(batch_id))
