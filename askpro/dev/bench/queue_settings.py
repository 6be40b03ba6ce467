"""The product's queues and pools, and the benchmark's."""

import os
from typing import Any

from askpro import queue_settings as product
from askpro.dev.bench.pressure.pools import SHARE, scaled

PROCESSES = 2
THREADS = 8
# In the first, no job of the product names a tenant; in the second, tenants take turns.
PLAIN, FAIR = "webhooks", "default"
QUEUES = product.QUEUES
DEFAULTS = product.DEFAULTS
LIMITS = product.LIMITS
RETENTION = product.RETENTION
ENVIRONMENTS: dict[str, dict[str, dict[str, Any]]] = {
    **product.ENVIRONMENTS,
    "bench": {"bench": {"queues": [PLAIN], "processes": PROCESSES, "threads": THREADS}},
    "fairness": {"bench": {"queues": [PLAIN, FAIR], "processes": PROCESSES, "threads": THREADS}},
    "pressure": scaled(product.ENVIRONMENTS["production"], float(os.environ.get(SHARE, "1"))),
}
