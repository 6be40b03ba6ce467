"""The chores process: what has to be done again and again for all jobs, and looking after the fleet.

Imports `fleet`, `jobs`, `ledger` and `processes`.
"""
