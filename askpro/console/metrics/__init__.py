"""Throughput, failures and times over a period: of all jobs, of a queue, a kind or a company, and of each vendor."""
