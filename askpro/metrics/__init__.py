"""Figures of what AskPro exchanges with the outside: vendors' calls, web requests, webhooks; and `/metrics`.

What happens is noted in memory (`recorder`), written as rows that are only ever added, and summed into minutes, hours
and days (`folding`). Figures of jobs are the engine's own (`askpro.queues.metrics`).
"""
