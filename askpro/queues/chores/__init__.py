"""The chores process: work that recurs for all jobs together, and looking after the fleet.

Imports `fleet`, `jobs`, `ledger`, `metrics` and `processes`.
"""
