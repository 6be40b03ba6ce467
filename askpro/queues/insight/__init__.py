"""What running jobs do: what takes a run's time, where it is now, profiles, and who takes most.

Imports `metrics`, `processes`, `fleet`, `jobs` and `ledger`.
"""
