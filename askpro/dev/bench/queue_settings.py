"""The product's queues and pools, and the benchmark's."""

import os
from typing import Any

from askpro import queue_settings as product
from askpro.dev.bench.pressure.pools import SHARE, scaled

PROCESSES = 2
THREADS = 8
QUEUES = product.QUEUES
DEFAULTS = product.DEFAULTS
RETENTION = product.RETENTION
ENVIRONMENTS: dict[str, dict[str, dict[str, Any]]] = {
    **product.ENVIRONMENTS,
    "bench": {"bench": {"queues": ["default"], "processes": PROCESSES, "threads": THREADS}},
    "pressure": scaled(product.ENVIRONMENTS["production"], float(os.environ.get(SHARE, "1"))),
}
