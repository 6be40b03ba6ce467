"""The product's queues and pools, and the benchmark's."""

from askpro import queue_settings as product

PROCESSES = 2
THREADS = 8
QUEUES = product.QUEUES
DEFAULTS = product.DEFAULTS
ENVIRONMENTS = {
    **product.ENVIRONMENTS,
    "bench": {"bench": {"queues": ["default"], "processes": PROCESSES, "threads": THREADS}},
}
