"""Figures of jobs: the ledger's rows folded into minutes, hours and days, and read over any period.

Imports `fleet`, `jobs`, `ledger` and `models`.
"""

from askpro.queues.metrics.figures import Figures, job_figures
from askpro.queues.metrics.histogram import BOUNDS, Histogram
from askpro.queues.metrics.queue_metrics import QueueMetrics

__all__ = ["BOUNDS", "Figures", "Histogram", "QueueMetrics", "job_figures"]
