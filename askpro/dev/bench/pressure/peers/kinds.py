"""The peers, in the order of the run, each with the module that sends and works."""

from askpro.dev.bench.pressure.peers import awa, pgqueuer, procrastinate

MODULES = {module.__name__: module.KIND for module in (procrastinate, pgqueuer, awa)}
