"""`/metrics`: what Prometheus is told, read from PostgreSQL when it asks, so that every web process tells the same.

Counters come from sums that never fall (`askpro.metrics.job_totals`, and the sums of all time of `folding`): they stay
monotonic over restarts, releases and hosts, and whichever process answers. Labels are names that the code knows; a
company is one only where METRICS_COMPANIES asks for it, and of so many companies at most.
"""
