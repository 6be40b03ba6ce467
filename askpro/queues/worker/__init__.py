"""Inside a worker process: Dramatiq's broker and consumers over the ledger.

Imports `jobs`, `processes`, `fleet` and `ledger`.
"""
